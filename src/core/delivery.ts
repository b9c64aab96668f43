import type { Connection } from './connection.ts'
import type { Event } from './event.ts'
import { MessageList } from './message-list.ts'
import type { Clock, Encoded } from './ports.ts'
import type { Encoder } from './protocol.ts'

/**
 * One write per connection per turn of the event loop: what is sent in a turn waits in the connection's outbox,
 * in order, and leaves together at its end.
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

  /** Something for this connection alone: from then on its list of this turn is its own. */
  send(connection: Connection, encoded: Encoded): void {
    const { outbox, shared } = connection
    if (outbox !== undefined) outbox.push(encoded)
    else if (shared === undefined) {
      this.#wait(connection)
      connection.outbox = [encoded]
    } else {
      connection.outbox = [...shared.toArray(), encoded]
      connection.shared = undefined
    }
  }

  /** Something that others are sent as well. */
  share(connection: Connection, encoded: Encoded): void {
    const { outbox, shared } = connection
    if (outbox !== undefined) outbox.push(encoded)
    else {
      if (shared === undefined) this.#wait(connection)
      connection.shared = (shared ?? this.#nothing).with(encoded)
    }
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

  #wait(connection: Connection): void {
    if (this.#waiting.length === 0) this.#clock.endOfTurn(this.#flush)
    this.#waiting.push(connection)
  }

  #writeAll(): void {
    const waiting = this.#waiting
    this.#waiting = []
    this.#nothing = MessageList.empty()
    let list: MessageList | undefined
    let messages: readonly Encoded[] = []
    for (const connection of waiting) {
      const { outbox, shared } = connection
      if (shared !== undefined && shared !== list) {
        list = shared
        messages = shared.toArray()
      }
      // Neither: it has been closed since.
      if (outbox === undefined && shared === undefined) continue
      try {
        connection.flush(outbox ?? messages)
      } catch (error) {
        // One link's trouble must not keep the others from hearing.
        this.#onFailure(connection, error)
      }
    }
  }
}
