import type { Encoded } from './ports.ts'

/**
 * What connections are sent in one turn, in order. A list never changes: it is followed by a longer one, and all that are
 * sent the same are given the same one. So a message to a thousand subscribers makes one list, not a thousand.
 */
export class MessageList {
  readonly #before: MessageList | undefined
  readonly #last: Encoded | undefined
  readonly #length: number
  #next: MessageList | undefined
  #messages: readonly Encoded[] | undefined

  private constructor(before?: MessageList, last?: Encoded) {
    this.#before = before
    this.#last = last
    this.#length = before === undefined ? 0 : before.#length + 1
  }

  static empty(): MessageList {
    return new MessageList()
  }

  /** This list and one message more; the same object where it was asked for the same message just before. */
  with(message: Encoded): MessageList {
    const next = this.#next
    if (next !== undefined && next.#last === message) return next
    this.#next = new MessageList(this, message)
    return this.#next
  }

  /** Oldest first; one array for all that ask. */
  get messages(): readonly Encoded[] {
    if (this.#messages !== undefined) return this.#messages
    const messages = new Array<Encoded>(this.#length)
    let list: MessageList | undefined = this
    for (let at = this.#length - 1; at >= 0 && list !== undefined; at -= 1) {
      if (list.#last !== undefined) messages[at] = list.#last
      list = list.#before
    }
    this.#messages = messages
    return messages
  }
}
