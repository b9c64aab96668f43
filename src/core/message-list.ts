import type { Encoded } from './ports.ts'

/**
 * What many connections are sent in one turn, in order. A list never changes: it is followed by a longer one, and all that
 * are sent the same are given the same one. So a message to a thousand subscribers makes one list, not a thousand.
 */
export class MessageList {
  readonly #before: MessageList | undefined
  readonly #last: Encoded | undefined
  #next: MessageList | undefined

  private constructor(before?: MessageList, last?: Encoded) {
    this.#before = before
    this.#last = last
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

  /** Oldest first. */
  toArray(): Encoded[] {
    const messages: Encoded[] = []
    for (let list: MessageList | undefined = this; list !== undefined; list = list.#before)
      if (list.#last !== undefined) messages.push(list.#last)
    return messages.reverse()
  }
}
