import { Refusal } from '../../core/errors.ts'
import { maxUtf8, utf8Length } from '../../core/json.ts'

/** Ends each frame (spec/hookbox.md §2). */
const frameEnd = '\r\n'

/**
 * Cuts a stream of text into frames by the delimiter: several frames may come in one message, one frame over several
 * messages. Each character is looked at once, also where a frame comes letter by letter.
 */
export class FrameDecoder {
  readonly #maxBytes: number
  /** The frame under way, in the pieces it came in; made with the first that comes in pieces. */
  #pieces: string[] | undefined
  #bytes = 0
  #endsWithReturn = false
  /** A frame was too large: where the next one begins is no longer known. */
  #isLost = false

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** The frame, where `text` is exactly one and none is under way: the usual case, at no cost. */
  whole(text: string): string | undefined {
    const length = text.length - frameEnd.length
    const isWhole = length > 0 && text.indexOf(frameEnd) === length
    if (!isWhole || this.#bytes > 0 || this.#isLost || length * maxUtf8 > this.#maxBytes)
      return undefined
    return text.slice(0, length)
  }

  /**
   * The texts between delimiters, without them. A frame over the limit throws Refusal `frame_too_large` from
   * the iterator, after the frames before it.
   */
  *push(text: string): Generator<string, void> {
    if (this.#isLost) return
    let start = 0
    if (this.#endsWithReturn && text.startsWith('\n')) {
      yield this.#take().slice(0, -1)
      start = 1
    }
    let end = text.indexOf(frameEnd, start)
    while (end !== -1) {
      this.#add(text.slice(start, end))
      yield this.#take()
      start = end + frameEnd.length
      end = text.indexOf(frameEnd, start)
    }
    this.#add(text.slice(start))
  }

  /** Part of a frame is waiting for its end. */
  get pending(): boolean {
    return this.#bytes > 0
  }

  #add(piece: string): void {
    if (piece === '') return
    this.#bytes += utf8Length(piece)
    if (this.#bytes > this.#maxBytes) {
      this.#isLost = true
      this.#pieces = undefined
      this.#bytes = 0
      throw new Refusal('frame_too_large')
    }
    this.#pieces ??= []
    this.#pieces.push(piece)
    this.#endsWithReturn = piece.endsWith('\r')
  }

  #take(): string {
    const pieces = this.#pieces ?? []
    const frame = pieces.length === 1 ? (pieces[0] ?? '') : pieces.join('')
    this.#pieces = undefined
    this.#bytes = 0
    this.#endsWithReturn = false
    return frame
  }
}

let lastFrameId = 0

/** The server's frame ids: they only have to grow within a connection, so one counter serves all. */
export function nextFrameId(): number {
  lastFrameId += 1
  return lastFrameId
}

/**
 * Builds one frame from its name and the JSON text of its arguments. By `join`, for that makes one text: a template is kept
 * as the tree of all its parts, which the collector walks for as long as the frame waits for the end of its turn.
 */
export function buildFrame(id: number, name: string, args: string): string {
  return ['[', id, ',"', name, '",', args, ']', frameEnd].join('')
}

/** JSON text in pure ASCII: only inside strings has JSON other characters, and there `\uXXXX` means the same. */
export function escapeNonAscii(json: string): string {
  return json.replace(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
