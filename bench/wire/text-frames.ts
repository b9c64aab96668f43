const headEnd = '\r\n\r\n'
const closeFrame = 8
const maxKept = 1_048_576

/** What a link reads before it carries load: the answer to its upgrade, then frames as text. */
export class TextFrames {
  isUpgraded = false
  /** The last frame's text. */
  last = ''
  #bytes: Buffer = Buffer.alloc(0)
  #texts: string[] = []

  push(chunk: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk])
    if (this.#bytes.length > maxKept) throw new Error('more came than an opening may take')
    if (!this.isUpgraded) this.#readAnswer()
    if (this.isUpgraded) while (this.#readFrame());
  }

  /** Whether `expected` stands in a frame that came; frames up to that one are let go. */
  take(expected: string): boolean {
    const at = this.#texts.findIndex((text) => text.includes(expected))
    if (at === -1) return false
    this.#texts = this.#texts.slice(at + 1)
    return true
  }

  /** Bytes of a frame that is not whole yet. */
  get rest(): Buffer {
    return this.#bytes
  }

  #readAnswer(): void {
    const end = this.#bytes.indexOf(headEnd)
    if (end === -1) return
    const answer = this.#bytes.toString('latin1', 0, end)
    this.last = answer
    if (!answer.startsWith('HTTP/1.1 101')) throw new Error(`no upgrade: ${answer}`)
    this.isUpgraded = true
    this.#bytes = this.#bytes.subarray(end + headEnd.length)
  }

  #readFrame(): boolean {
    const bytes = this.#bytes
    if (bytes.length < 2) return false
    const short = bytes[1] ?? 0
    const head = short < 126 ? 2 : short === 126 ? 4 : 10
    if (bytes.length < head) return false
    const length =
      head === 2 ? short : head === 4 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2))
    if (bytes.length < head + length) return false
    this.last = bytes.toString('utf8', head, head + length)
    if (((bytes[0] ?? 0) & 0x0f) === closeFrame) throw new Error('the server sent a close frame')
    this.#texts.push(this.last)
    this.#bytes = bytes.subarray(head + length)
    return true
  }
}
