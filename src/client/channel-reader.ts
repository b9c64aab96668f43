import type { Entry } from './entry.ts'
import { clientError, type OffhookError } from './offhook-error.ts'

/** A loop that falls behind by more fails, instead of keeping ever more. */
const maxUnread = 10_000

/** What a `for await` over a channel reads from. */
export class ChannelReader {
  readonly #unread: Entry[] = []
  #end: { readonly error: OffhookError | undefined } | undefined
  #wake: (() => void) | undefined

  push(entry: Entry): void {
    if (this.#end !== undefined) return
    if (this.#unread.push(entry) > maxUnread) this.end(clientError('reader_too_slow'))
    this.#wake?.()
  }

  /** After what is unread the loop ends, or throws. */
  end(error?: OffhookError): void {
    this.#end ??= { error }
    this.#wake?.()
  }

  /** The entries as they come. `onReturn` is called when the loop is over. */
  async *read(onReturn: () => void): AsyncGenerator<Entry, undefined> {
    try {
      for (;;) {
        const entry = this.#unread.shift()
        if (entry !== undefined) yield entry
        else if (this.#end?.error !== undefined) throw this.#end.error
        else if (this.#end !== undefined) return
        else {
          await new Promise<void>((resolve) => {
            this.#wake = resolve
          })
        }
      }
    } finally {
      onReturn()
    }
  }
}
