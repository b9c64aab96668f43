import type { Connection } from './connection.ts'
import type { Event } from './event.ts'
import { MessageList } from './message-list.ts'
import type { Clock, Encoded } from './ports.ts'
import type { Encoder } from './protocol.ts'

/**
 * One write per connection per turn of the event loop: what is sent in a turn waits at the connection, in order, and
 * leaves together at its end. What many are sent is one list for all of them, to which each adds its own.
 */
export class Delivery {
  readonly #clock: Clock
  readonly #onFailure: (connection: Connection, error: unknown) => void
  #waiting: Connection[] = []
  /** Where the shared lists of a turn begin. */
  #nothing = MessageList.empty()
  readonly #flush = () => this.#writeAll()

  constructor(clock: Clock, onFailure: (connection: Connection, error: unknown) => void) {
    this.#clock = clock
    this.#onFailure = onFailure
  }

  /** Something for this connection alone. */
  send(connection: Connection, encoded: Encoded): void {
    const { length } = connection.shared ?? this.#wait(connection)
    const own = { after: length, message: encoded }
    if (connection.own === undefined) connection.own = [own]
    else connection.own.push(own)
  }

  /** Something that others are sent as well. */
  share(connection: Connection, encoded: Encoded): void {
    const shared = connection.shared ?? this.#wait(connection)
    connection.shared = shared.with(encoded)
  }

  /** Tells each of them of an event, encoded once per encoder. */
  tell(connections: Iterable<Connection>, event: Event): void {
    const known = new Map<Encoder, Encoded | undefined>()
    for (const connection of connections) {
      const { encoder } = connection.session
      if (!known.has(encoder)) known.set(encoder, encoder.encode(event))
      const encoded = known.get(encoder)
      if (encoded !== undefined) this.send(connection, encoded)
    }
  }

  /** The connection will be written to at the end of the turn; the list that it begins with. */
  #wait(connection: Connection): MessageList {
    if (this.#waiting.length === 0) this.#clock.endOfTurn(this.#flush)
    this.#waiting.push(connection)
    connection.shared = this.#nothing
    return this.#nothing
  }

  #writeAll(): void {
    const waiting = this.#waiting
    this.#waiting = []
    this.#nothing = MessageList.empty()
    let list: MessageList | undefined
    let messages: readonly Encoded[] = []
    for (const connection of waiting) {
      const { shared } = connection
      // It has been closed since.
      if (shared === undefined) continue
      if (shared !== list) {
        list = shared
        messages = shared.toArray()
      }
      try {
        connection.flush(messages)
      } catch (error) {
        // One link's trouble must not keep the others from hearing.
        this.#onFailure(connection, error)
      }
    }
  }
}
