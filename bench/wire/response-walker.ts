import { MarkerCounter } from './marker-counter.ts'

const maxLineBytes = 16_384
const headEnd = Buffer.from('\r\n\r\n')
const lineEnd = Buffer.from('\r\n')

/** What comes next: a head, bytes of a body, or one of the lines that chunked bodies are cut by. */
type Part = 'head' | 'body' | 'chunk size' | 'chunk' | 'chunk end' | 'last line'

/** Walks the answers of an HTTP server on a kept link and counts a marker in their bodies, wherever the bytes are cut. */
export class ResponseWalker {
  /** Answers that are whole. */
  answers = 0
  /** The last head that was no success, for error messages. */
  lastOther = ''
  readonly #counter: MarkerCounter
  #part: Part = 'head'
  #line: Buffer = Buffer.alloc(0)
  #left = 0

  constructor(marker: string) {
    this.#counter = new MarkerCounter(marker)
  }

  /** Takes the next bytes of the link; answers how many markers ended in them. */
  feed(chunk: Buffer): number {
    let count = 0
    let at = 0
    this.#counter.startChunk()
    while (at < chunk.length) {
      if (this.#part !== 'body' && this.#part !== 'chunk') at = this.#readLine(chunk, at)
      else {
        const to = Math.min(chunk.length, at + this.#left)
        count += this.#counter.feed(chunk, at, to)
        this.#left -= to - at
        at = to
        if (this.#left === 0) this.#finishBytes()
      }
    }
    return count
  }

  #finishBytes(): void {
    if (this.#part === 'chunk') this.#part = 'chunk end'
    else this.#finish()
  }

  #finish(): void {
    this.answers += 1
    this.#part = 'head'
    this.#counter.end()
  }

  /** Reads up to the end of a head or a line; answers where it stopped. */
  #readLine(chunk: Buffer, from: number): number {
    const end = this.#part === 'head' ? headEnd : lineEnd
    const before = this.#line.length
    const text =
      before === 0 ? chunk.subarray(from) : Buffer.concat([this.#line, chunk.subarray(from)])
    const at = text.indexOf(end)
    if (at === -1) {
      if (text.length > maxLineBytes) throw new Error('the head of an answer has no end')
      this.#line = Buffer.from(text)
      return chunk.length
    }
    this.#line = Buffer.alloc(0)
    this.#take(text.toString('latin1', 0, at))
    return from + at + end.length - before
  }

  #take(text: string): void {
    if (this.#part === 'head') this.#takeHead(text)
    else if (this.#part === 'chunk end') this.#part = 'chunk size'
    else if (this.#part === 'last line') this.#finish()
    else {
      this.#left = Number.parseInt(text, 16)
      this.#part = this.#left === 0 ? 'last line' : 'chunk'
    }
  }

  #takeHead(head: string): void {
    if (!head.startsWith('HTTP/1.1 2')) this.lastOther = head
    if (/\r\ntransfer-encoding: *chunked/i.test(head)) {
      this.#part = 'chunk size'
      return
    }
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
    if (length === undefined && !head.startsWith('HTTP/1.1 204')) {
      throw new Error(`an answer without a length: ${head}`)
    }
    this.#left = Number(length ?? 0)
    this.#part = 'body'
    if (this.#left === 0) this.#finish()
  }
}
