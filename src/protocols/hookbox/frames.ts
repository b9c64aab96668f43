import { Refusal } from '../../core/errors.ts'
import { fitsUtf8 } from '../../core/json.ts'

/** Ends each frame (spec/hookbox.md §2). */
export const frameEnd = '\r\n'

/**
 * Cuts a stream of text into frames by the delimiter: several frames may come in one message, one frame over
 * several messages.
 */
export class FrameDecoder {
  readonly #maxBytes: number
  #rest = ''
  #isOver = false

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /**
   * The texts between delimiters, without them. A frame over the limit throws Refusal `frame_too_large` from
   * the iterator, after the frames before it; nothing that follows is taken.
   */
  *push(text: string): Generator<string, void> {
    if (this.#isOver) return
    // Look for the delimiter only where it may be new: a frame sent byte by byte must not cost its square.
    const from = Math.max(0, this.#rest.length - 1)
    this.#rest += text
    let start = 0
    let end = this.#rest.indexOf(frameEnd, from)
    while (end !== -1) {
      yield this.#checked(this.#rest.slice(start, end))
      start = end + frameEnd.length
      end = this.#rest.indexOf(frameEnd, start)
    }
    this.#rest = this.#checked(this.#rest.slice(start))
  }

  /** Part of a frame is waiting for its end. */
  get pending(): boolean {
    return this.#rest.length > 0
  }

  #checked(frame: string): string {
    if (fitsUtf8(frame, this.#maxBytes)) return frame
    this.#isOver = true
    this.#rest = ''
    throw new Refusal('frame_too_large')
  }
}

let lastFrameId = 0

/** The server's frame ids: they only have to grow within a connection, so one counter serves all. */
export function nextFrameId(): number {
  lastFrameId += 1
  return lastFrameId
}

/** Builds one frame from its name and the JSON text of its arguments. */
export function buildFrame(id: number, name: string, args: string): string {
  return `[${id},"${name}",${args}]${frameEnd}`
}

/** JSON text in pure ASCII: only inside strings has JSON other characters, and there `\uXXXX` means the same. */
export function escapeNonAscii(json: string): string {
  return json.replace(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
