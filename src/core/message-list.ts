import type { Encoded, OwnMessage } from './ports.ts'

/**
 * What many connections are sent in one turn, in order. A list never changes: it is followed by a longer one, and all that
 * are sent the same are given the same one. So a message to a thousand subscribers makes one list, not a thousand.
 */
export class MessageList {
  /** How many messages. */
  readonly length: number
  readonly #before: MessageList | undefined
  readonly #last: Encoded | undefined
  #next: MessageList | undefined

  private constructor(before?: MessageList, last?: Encoded) {
    this.length = before === undefined ? 0 : before.length + 1
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

/** All that one link is sent: what it shares with others, and its own in their places. */
export function inOrder(
  shared: readonly Encoded[],
  own: readonly OwnMessage[] = [],
): readonly Encoded[] {
  if (own.length === 0) return shared
  const messages: Encoded[] = []
  let from = 0
  for (const { after, message } of own) {
    while (from < after) messages.push(shared[from++] as Encoded)
    messages.push(message)
  }
  while (from < shared.length) messages.push(shared[from++] as Encoded)
  return messages
}
