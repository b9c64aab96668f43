import { MarkerCounter } from './marker-counter.ts'

const textFrame = 1
const continuation = 0
const closeFrame = 8
const shortLength = 125
const maxHeadBytes = 10
const maxShownBytes = 200

/**
 * Walks the WebSocket frames of a server (RFC 6455 §5.2, unmasked) and counts a marker in the payloads of messages,
 * wherever the bytes are cut. Nothing is decoded or kept but one frame without a marker, for error messages.
 */
export class FrameWalker {
  /** Frames of messages that have begun. */
  frames = 0
  /** The server has sent a close frame. */
  isClosed = false
  /** The last whole frame without a marker. */
  lastOther = ''
  readonly #counter: MarkerCounter
  readonly #head = Buffer.alloc(maxHeadBytes)
  #headBytes = 0
  /** Payload bytes of the current frame that are still to come. */
  #left = 0
  #isMessage = false

  constructor(marker: string) {
    this.#counter = new MarkerCounter(marker)
  }

  /** Takes the next bytes of the link; answers how many markers ended in them. */
  feed(chunk: Buffer): number {
    const { length } = chunk
    let count = 0
    let at = 0
    this.#counter.startChunk()
    while (at < length) {
      if (this.#left === 0) at = this.#readHead(chunk, at)
      else {
        const to = Math.min(length, at + this.#left)
        count += this.#feedPayload(chunk, at, to)
        this.#left -= to - at
        at = to
      }
    }
    return count
  }

  #feedPayload(chunk: Buffer, from: number, to: number): number {
    if (!this.#isMessage) return 0
    const count = this.#counter.feed(chunk, from, to)
    if (count === 0 && to - from === this.#left) {
      this.lastOther = chunk.toString('latin1', from, Math.min(to, from + maxShownBytes))
    }
    return count
  }

  /** Reads what is there of a head, at once where it is whole; answers where it stopped. */
  #readHead(chunk: Buffer, from: number): number {
    if (this.#headBytes === 0 && chunk.length - from >= maxHeadBytes) {
      this.#begin(chunk, from)
      return from + headBytesOf(chunk[from + 1] ?? 0)
    }
    let at = from
    while (at < chunk.length) {
      this.#head[this.#headBytes] = chunk[at] ?? 0
      this.#headBytes += 1
      at += 1
      if (this.#headBytes < 2 || this.#headBytes < headBytesOf(this.#head[1] ?? 0)) continue
      this.#headBytes = 0
      this.#begin(this.#head, 0)
      break
    }
    return at
  }

  #begin(bytes: Buffer, at: number): void {
    const opcode = (bytes[at] ?? 0) & 0x0f
    this.#left = payloadBytesOf(bytes, at)
    this.#isMessage = opcode === textFrame || opcode === 2 || opcode === continuation
    if (this.#isMessage) this.frames += 1
    if (opcode === closeFrame) this.isClosed = true
    if (opcode !== continuation) this.#counter.end()
  }
}

function headBytesOf(second: number): number {
  if ((second & 0x80) !== 0) throw new Error('a server must not mask its frames')
  return second <= shortLength ? 2 : second === 126 ? 4 : 10
}

function payloadBytesOf(bytes: Buffer, at: number): number {
  const length = bytes[at + 1] ?? 0
  if (length <= shortLength) return length
  return length === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2))
}
