import type { Entry } from './entry.ts'
import { clientError, type OffhookError } from './offhook-error.ts'

/** A loop that falls behind by more fails, instead of keeping ever more. */
const maxUnread = 10_000

/** One `for await` over a channel. */
export class ChannelReader implements AsyncIterator<Entry, undefined> {
  readonly #unread: Entry[] = []
  readonly #onReturn: (reader: ChannelReader) => void
  #waiting: {
    resolve: (result: IteratorResult<Entry, undefined>) => void
    reject: (error: Error) => void
  }[] = []
  #end: { readonly error: OffhookError | undefined } | undefined

  constructor(onReturn: (reader: ChannelReader) => void) {
    this.#onReturn = onReturn
  }

  push(entry: Entry): void {
    if (this.#end !== undefined) return
    const waiting = this.#waiting.shift()
    if (waiting !== undefined) waiting.resolve({ done: false, value: entry })
    else if (this.#unread.length < maxUnread) this.#unread.push(entry)
    else this.end(clientError('reader_too_slow'))
  }

  /** After what is unread the loop ends, or throws. */
  end(error?: OffhookError): void {
    if (this.#end !== undefined) return
    this.#end = { error }
    this.#onReturn(this)
    for (const { resolve, reject } of this.#waiting.splice(0)) {
      if (error === undefined) resolve({ done: true, value: undefined })
      else reject(error)
    }
  }

  next(): Promise<IteratorResult<Entry, undefined>> {
    const value = this.#unread.shift()
    if (value !== undefined) return Promise.resolve({ done: false, value })
    if (this.#end === undefined) {
      return new Promise((resolve, reject) => {
        this.#waiting.push({ resolve, reject })
      })
    }
    const { error } = this.#end
    this.#end = { error: undefined }
    return error === undefined
      ? Promise.resolve({ done: true, value: undefined })
      : Promise.reject(error)
  }

  return(): Promise<IteratorResult<Entry, undefined>> {
    this.#unread.length = 0
    this.end()
    return Promise.resolve({ done: true, value: undefined })
  }
}
