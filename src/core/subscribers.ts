import type { Connection } from './connection.ts'
import type { Delivery } from './delivery.ts'
import type { Entry } from './entry.ts'
import type { Event } from './event.ts'
import type { Encoded } from './ports.ts'
import type { Encoder } from './protocol.ts'

/** What happened in a channel while a connection's snapshot was being read. */
export interface Joining {
  entries: Entry[]
  /** Entries without a place in the history, told after the snapshot. */
  passing: Entry[]
  /** The node itself had a gap: read again. */
  again: boolean
}

/** How much may happen in a channel while one history is read, before it is read again. */
const maxCollected = 10_000

/** Who is not told. */
interface Except {
  readonly connection?: string | undefined
  readonly user?: string
}

const nobody: Except = {}

/** The connections of this node that are told what happens in one channel, by encoder. */
export class Subscribers {
  readonly #delivery: Delivery
  readonly #groups = new Map<Encoder, Set<Connection>>()
  readonly #joining = new Map<Connection, Joining>()

  constructor(delivery: Delivery) {
    this.#delivery = delivery
  }

  get size(): number {
    let size = this.#joining.size
    for (const group of this.#groups.values()) size += group.size
    return size
  }

  has(connection: Connection): boolean {
    return (
      this.#joining.has(connection) ||
      this.#groups.get(connection.session.encoder)?.has(connection) === true
    )
  }

  /** Encodes once per encoder and sends to everybody who is in the plain list. */
  send(event: Event, except: Except = nobody): void {
    for (const [encoder, connections] of this.#groups) {
      const encoded = connections.size > 0 ? encoder.encode(event) : undefined
      if (encoded !== undefined) this.#sendToGroup(connections, encoded, except)
    }
    if (this.#joining.size > 0 && event.event === 'publish' && event.entry.offset === 0) {
      this.#keepPassing(event.entry, except)
    }
  }

  #sendToGroup(connections: ReadonlySet<Connection>, encoded: Encoded, except: Except): void {
    const { connection: omitConnection, user: omitUser } = except
    for (const connection of connections) {
      if (omitConnection !== undefined && connection.id === omitConnection) continue
      if (omitUser !== undefined && connection.user?.name === omitUser) continue
      this.#delivery.share(connection, encoded)
    }
  }

  #keepPassing(entry: Entry, except: Except): void {
    for (const [connection, joining] of this.#joining) {
      if (connection.id === except.connection) continue
      // At most once: a channel without history may drop what a joining connection cannot hold.
      if (joining.passing.length < maxCollected) joining.passing.push(entry)
    }
  }

  /** Tells one connection alone; the length of what it was told. */
  sendTo(connection: Connection, event: Event): number {
    const encoded = connection.session.encoder.encode(event)
    if (encoded === undefined) return 0
    this.#delivery.send(connection, encoded)
    return encoded.text.length
  }

  /** From now on what happens is collected for this connection, until `admit` or `remove`. */
  startJoining(connection: Connection): Joining {
    const joining: Joining = { entries: [], passing: [], again: false }
    this.#joining.set(connection, joining)
    return joining
  }

  isJoining(connection: Connection, joining: Joining): boolean {
    return this.#joining.get(connection) === joining
  }

  /** Keeps an entry for those who are joining: their snapshot may have been read before it. */
  collect(entry: Entry): void {
    for (const joining of this.#joining.values()) {
      if (joining.entries.length < maxCollected) joining.entries.push(entry)
      else joining.again = true
    }
  }

  /** Puts a connection into the plain list. */
  admit(connection: Connection): void {
    this.#joining.delete(connection)
    const { encoder } = connection.session
    const group = this.#groups.get(encoder)
    if (group === undefined) this.#groups.set(encoder, new Set([connection]))
    else group.add(connection)
  }

  remove(connection: Connection): void {
    this.#joining.delete(connection)
    this.#groups.get(connection.session.encoder)?.delete(connection)
  }

  /** Those whose snapshot is being read too. */
  everybody(): Connection[] {
    return [...this.all(), ...this.#joining.keys()]
  }

  removeAll(): Connection[] {
    const all = this.everybody()
    this.#joining.clear()
    this.#groups.clear()
    return all
  }

  *all(): Generator<Connection> {
    for (const group of this.#groups.values()) yield* group
  }

  /** The node missed entries that are no longer kept: joining ones read again; see LocalChannel. */
  readAgain(): void {
    for (const joining of this.#joining.values()) joining.again = true
  }
}
