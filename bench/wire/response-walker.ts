import { MarkerCounter } from './marker-counter.ts'

const headEnd = Buffer.from('\r\n\r\n')
const maxHeadBytes = 16_384

/** Walks the answers of an HTTP server on a kept link and counts a marker in their bodies, wherever the bytes are cut. */
export class ResponseWalker {
  /** Answers that are whole. */
  answers = 0
  /** The last head that was no success, for error messages. */
  lastOther = ''
  readonly #counter: MarkerCounter
  #head: Buffer = Buffer.alloc(0)
  #left = 0

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
        count += this.#counter.feed(chunk, at, to)
        this.#left -= to - at
        at = to
        if (this.#left === 0) this.#finish()
      }
    }
    return count
  }

  #finish(): void {
    this.answers += 1
    this.#counter.end()
  }

  #readHead(chunk: Buffer, from: number): number {
    const before = this.#head.length
    const end = before === 0 ? chunk.indexOf(headEnd, from) : -1
    if (end !== -1) {
      this.#begin(chunk.toString('latin1', from, end))
      return end + headEnd.length
    }
    this.#head = Buffer.concat([this.#head, chunk.subarray(from)])
    const cut = this.#head.indexOf(headEnd)
    if (cut === -1) {
      if (this.#head.length > maxHeadBytes) throw new Error('the head of an answer has no end')
      return chunk.length
    }
    const head = this.#head.toString('latin1', 0, cut)
    this.#head = Buffer.alloc(0)
    this.#begin(head)
    return from + cut + headEnd.length - before
  }

  #begin(head: string): void {
    if (!head.startsWith('HTTP/1.1 2')) this.lastOther = head
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
    if (length === undefined && !head.startsWith('HTTP/1.1 204')) {
      throw new Error(`an answer without a length: ${head}`)
    }
    this.#left = Number(length ?? 0)
    if (this.#left === 0) this.#finish()
  }
}
