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

  subscription(channel: string): UserSubscription | undefined {
    const subscriptions = this.#record?.subscriptions ?? []
    if (subscriptions.length <= fewSubscriptions) {
      return subscriptions.find((item) => item.channel === channel)
    }
    this.#byChannel ??= new Map(subscriptions.map((item) => [item.channel, item]))
    return this.#byChannel.get(channel)
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
