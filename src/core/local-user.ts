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
  /** Everything that the record says up to this version has been carried out here, or is its maker's to carry out. */
  #followedTo = 0
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
    if (previous === this.#followedTo) this.#followedTo = record.version
  }

  /** What the record said at that version has been carried out here. */
  followed(version: number): void {
    if (version > this.#followedTo) this.#followedTo = version
  }

  /** Whether something up to that version may still have to be carried out here. */
  isBehind(version: number): boolean {
    return version > this.#followedTo
  }

  subscription(channel: string): UserSubscription | undefined {
    const subscriptions = this.#record?.subscriptions ?? []
    if (subscriptions.length <= fewSubscriptions) {
      return subscriptions.find((item) => item.channel === channel)
    }
    this.#byChannel ??= new Map(subscriptions.map((item) => [item.channel, item]))
    return this.#byChannel.get(channel)
  }

  /** Whether the connections here are in the channels that the record says, by the joins that it says. */
  get isAsRecorded(): boolean {
    let places = 0
    for (const { channel, generation, joined, connections } of this.#record?.subscriptions ?? []) {
      for (const { id } of connections) {
        const connection = this.connections.get(id)
        if (connection === undefined) continue
        const attached = connection.channels.get(channel)
        if (joined === undefined ? attached !== undefined : attached?.generation !== generation)
          return false
        if (attached !== undefined) places += 1
      }
    }
    // A place that no subscription names has outlived it, and so has one that is only shown.
    for (const { channels, shown } of this.connections.values()) {
      for (const name of shown) if (!channels.has(name)) return false
      places -= channels.size
    }
    return places === 0
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
