import type { Connection } from './connection.ts'
import type { UserRecord, UserSubscription } from './ports.ts'

/** So many are looked through faster than a map of them is made. */
const fewSubscriptions = 8

/** A user with connections on this node: them, and the newest record of the store that this node has seen. */
export class LocalUser {
  readonly name: string
  readonly connections = new Map<string, Connection>()
  /** Connections that are about to become this user's. */
  arriving = 0
  #record: UserRecord | undefined
  /** Up to this version everything that the record said has been carried out here, or is being; undefined: unknown. */
  #followedTo: number | undefined
  /** Of the record; made where there are many. */
  #byChannel: Map<string, UserSubscription> | undefined

  constructor(name: string) {
    this.name = name
  }

  /** Last sequence of each node's entries for this user alone: the bus may repeat them. */
  #passed: Map<string, number> | undefined

  /** Whether an entry for this user alone has not come before. */
  isNewPassing(message: { readonly node: string; readonly sequence: number }): boolean {
    this.#passed ??= new Map()
    if (message.sequence <= (this.#passed.get(message.node) ?? 0)) return false
    this.#passed.set(message.node, message.sequence)
    return true
  }

  get record(): UserRecord | undefined {
    return this.#record
  }

  /** Takes a record if it is newer than the one held. */
  take(record: UserRecord): void {
    if (this.#record !== undefined && record.version <= this.#record.version) return
    this.#record = record
    this.#byChannel = undefined
  }

  /** Takes what this node has committed: whoever made the commit carries it out here. */
  committed(record: UserRecord, previous: number): void {
    this.take(record)
    // Only next to what is known: a change of another node's that came between is still to be carried out.
    if (previous === (this.#followedTo ?? this.#beginning)) this.#followedTo = record.version
  }

  /** What the record said at that version has been carried out here. */
  followed(version: number): void {
    if (this.isBehind(version)) this.#followedTo = version
  }

  /** Whether something up to that version may still have to be carried out here. */
  isBehind(version: number): boolean {
    return this.#followedTo === undefined || version > this.#followedTo
  }

  /** Where there is nothing here yet, a record that has only begun leaves nothing to carry out. */
  get #beginning(): number | undefined {
    return this.connections.size === 0 ? 0 : undefined
  }

  subscription(channel: string): UserSubscription | undefined {
    const subscriptions = this.#record?.subscriptions ?? []
    if (subscriptions.length <= fewSubscriptions) {
      return subscriptions.find((item) => item.channel === channel)
    }
    this.#byChannel ??= new Map(subscriptions.map((item) => [item.channel, item]))
    return this.#byChannel.get(channel)
  }

  /** Whether the record holds the connections here, and they are in the channels that it says, by the joins it says. */
  get isAsRecorded(): boolean {
    return this.outside(this.#record).length === 0 && this.#isWhereRecorded()
  }

  /** Connections here that a record does not hold: another node, or this one, has taken this node for dead. */
  outside(
    record: UserRecord | undefined,
    connections: Iterable<Connection> = this.connections.values(),
  ): Connection[] {
    const held = new Set(record?.connections.map(({ id }) => id))
    return [...connections].filter(({ id, stage }) => stage === 'connected' && !held.has(id))
  }

  #isWhereRecorded(): boolean {
    let places = 0
    for (const subscription of this.#record?.subscriptions ?? []) {
      const here = this.#placesBy(subscription)
      if (here === undefined) return false
      places += here
    }
    // One that no subscription names has outlived it, and so has one that is only shown.
    for (const { channels, shown } of this.connections.values()) {
      for (const name of shown) if (!channels.has(name)) return false
      places -= channels.size
    }
    return places === 0
  }

  /** How many connections are in by that join; undefined where one is not that should be, or is by another one. */
  #placesBy({ channel, generation, joined, connections }: UserSubscription): number | undefined {
    const wanted = joined === undefined ? undefined : generation
    let places = 0
    for (const { id } of connections) {
      const connection = this.connections.get(id)
      if (connection === undefined) continue
      if (connection.channels.get(channel)?.generation !== wanted) return undefined
      if (wanted !== undefined) places += 1
    }
    return places
  }

  /** Channels in which a connection of this node is, or should be. */
  affectedChannels(): Set<string> {
    const names = new Set(this.#record?.subscriptions.map((item) => item.channel))
    for (const connection of this.connections.values()) {
      for (const name of connection.channels.keys()) names.add(name)
      for (const name of connection.shown) names.add(name)
    }
    return names
  }
}
