import { Announcements } from './announcements.ts'
import type { Connection } from './connection.ts'
import type { Core } from './core.ts'
import type { Entry } from './entry.ts'
import { Refusal } from './errors.ts'
import type { Event } from './event.ts'
import { LocalChannel } from './local-channel.ts'
import { LocalUser } from './local-user.ts'
import { tellOtherReaders, tellOutside } from './markers.ts'
import type {
  BusMessage,
  ChannelCommitted,
  UserCommit,
  UserCommitResult,
  UserRecord,
} from './ports.ts'
import { reconcile, reconcileAll } from './reconcile.ts'
import { StoreFollower } from './store-follower.ts'
import { tellTyping } from './tell-typing.ts'

const idleChannelMs = 60_000

/** What this node holds: channels it listens to, users and connections. It heals itself from the store. */
export class Hub {
  readonly connections = new Map<string, Connection>()
  readonly users = new Map<string, LocalUser>()
  readonly channels = new Map<string, LocalChannel>()
  readonly #core: Core
  /** Channels whose first snapshot is being read, with the commits that came meanwhile. */
  readonly #loading = new Map<string, Loading>()
  readonly #creations = new Announcements()
  #passingSequence = 0
  readonly #follower: StoreFollower

  constructor(core: Core) {
    this.#core = core
    this.#follower = new StoreFollower(core, this)
    core.bus.onMessage((_address, message) => this.#receive(message))
    core.bus.onReset(() => core.background('heal after bus reset', this.heal('all')))
  }

  /** The channel as this node sees it, read from the store if need be; undefined where there is none. */
  async channel(name: string): Promise<LocalChannel | undefined> {
    const isBegun = this.#loading.has(name)
    const channel = await this.#find(name)
    // What others had begun to read may be older than the channel.
    return channel === undefined && isBegun ? this.#find(name) : channel
  }

  #find(name: string): LocalChannel | Promise<LocalChannel | undefined> {
    const known = this.channels.get(name)
    if (known !== undefined) {
      known.usedAt = this.#core.clock.now()
      return known
    }
    const loading = this.#loading.get(name)
    if (loading !== undefined) return loading.done
    const commits: ChannelCommitted[] = []
    const done = this.#load(name, commits).finally(() => {
      this.#loading.delete(name)
      this.#unlisten(name)
    })
    this.#loading.set(name, { commits, done })
    return done
  }

  /** Takes a commit of this node: told here at once, to the other nodes as a hint. */
  committed(committed: ChannelCommitted): void {
    const { bus, nodeId } = this.#core
    this.#takeCommit(committed)
    bus.publish(`channel:${committed.channel}`, {
      v: 1,
      type: 'committed',
      node: nodeId,
      committed,
    })
    if (committed.markers !== undefined) tellOtherReaders(this.#core, committed)
  }

  /** The next number of an entry without a place in the history: repeats are known by it. */
  nextPassing(): number {
    this.#passingSequence += 1
    return this.#passingSequence
  }

  /** Forgets a channel that was destroyed or replaced and tells whoever is attached. */
  dropChannel(channel: LocalChannel): void {
    if (this.channels.get(channel.name) === channel) {
      this.channels.delete(channel.name)
      this.#unlisten(channel.name)
    }
    const users = channel.users()
    channel.end(this.#core.clock.now())
    if (users.length > 0) this.#followUp(channel.name, users)
  }

  /**
   * Whoever ends a channel takes it out of its subscribers' records; where that did not succeed, their nodes do. With
   * time for the usual course of things.
   */
  #followUp(channel: string, users: readonly LocalUser[]): void {
    const { clock, settings } = this.#core
    clock.after(2 * settings.healIntervalMs, () => {
      if (this.#core.stopping()) return
      for (const user of users) {
        if (this.users.get(user.name) !== user || user.subscription(channel) === undefined) continue
        this.#core.background('reconcile', reconcile(this.#core, user, { channel }))
      }
    })
  }

  /** Runs `arrive` with the user's place on this node, which listens for changes of the user's record. */
  async enlist(name: string, arrive: (user: LocalUser) => Promise<void>): Promise<LocalUser> {
    const user = this.users.get(name) ?? new LocalUser(name)
    this.users.set(name, user)
    user.arriving += 1
    try {
      await this.#core.bus.subscribe(`user:${name}`)
      await arrive(user)
      return user
    } finally {
      user.arriving -= 1
      this.discharge(user)
    }
  }

  /** Forgets a user without connections on this node. */
  discharge(user: LocalUser): void {
    if (user.connections.size > 0 || user.arriving > 0) return
    if (this.users.get(user.name) !== user) return
    this.users.delete(user.name)
    this.#core.bus.unsubscribe(`user:${user.name}`)
  }

  /** Commits a user; where this node holds the user, it knows of the change without reading it. */
  async commitUser(name: string, commit: UserCommit): Promise<UserCommitResult> {
    const result = await this.#core.stores.users.commit(name, commit)
    if (result.outcome === 'committed')
      this.users.get(name)?.committed(result.record, result.previous)
    return result
  }

  /** Tells the nodes that hold the user's other connections of a record that this node has committed. */
  userCommitted(record: UserRecord, initial?: { channel: string; json: string }): void {
    const { bus, nodeId } = this.#core
    if (!record.connections.some((connection) => connection.node !== nodeId)) return
    bus.publish(`user:${record.name}`, {
      v: 1,
      type: 'user',
      node: nodeId,
      user: record.name,
      version: record.version,
      ...(initial === undefined ? {} : { initial }),
    })
  }

  /** An entry that only its author gets (`only_to_sender`), on this node's connections. */
  tellOnly(user: LocalUser, channelName: string, entry: Entry): void {
    const channel = this.channels.get(channelName)
    const event: Event = channel?.publishEvent(entry) ?? {
      event: 'publish',
      channel: channelName,
      entry,
    }
    const perConnection = user.record?.options.per_connection_subscriptions === true
    const told = [...user.connections.values()].filter(
      (connection) =>
        connection.id !== entry.omit && (!perConnection || connection.channels.has(channelName)),
    )
    this.#core.delivery.tell(told, event)
  }

  /** Connections that the store holds, or may hold, for this node; one that it holds besides is nobody's. */
  readonly places = new Set<string>()

  /** The user's record: the store's, or this node's where it holds the user. */
  async record(name: string): Promise<UserRecord | undefined> {
    return this.users.get(name)?.record ?? (await this.#core.stores.users.snapshot(name))
  }

  /** Brings all that is held here to what the store says: what has changed, or after a reset everything. */
  heal(extent: 'changed' | 'all'): Promise<void> {
    return this.#follower.heal(extent)
  }

  /** Reads a user's record and carries out here what it says. */
  async refreshUser(user: LocalUser, initial?: { channel: string; json: string }): Promise<void> {
    // Those that come while the record is read may not be in it yet.
    const connections = [...user.connections.values()]
    const record = await this.#core.stores.users.snapshot(user.name)
    if (record !== undefined) user.take(record)
    end(user.outside(record, connections))
    await reconcileAll(this.#core, user, initial)
    if (record !== undefined) user.followed(record.version)
  }

  /** The same by the record that is held here. */
  async carryOut(user: LocalUser): Promise<void> {
    end(user.outside(user.record))
    await reconcileAll(this.#core, user)
  }

  /** Stops listening to channels that nobody here has used for a while. */
  sweep(): void {
    const idleSince = this.#core.clock.now() - idleChannelMs
    for (const channel of this.channels.values()) {
      if (channel.subscribers.size > 0 || channel.usedAt > idleSince) continue
      this.channels.delete(channel.name)
      this.#unlisten(channel.name)
      channel.end(idleSince)
    }
  }

  async #load(
    name: string,
    commits: readonly ChannelCommitted[],
  ): Promise<LocalChannel | undefined> {
    const { bus, stores, clock } = this.#core
    await bus.subscribe(`channel:${name}`)
    const snapshot = await stores.channels.snapshot(name, { limit: 1, now: clock.now() })
    if (snapshot === undefined) return undefined
    const channel = new LocalChannel(this.#core, snapshot)
    this.channels.set(name, channel)
    for (const committed of commits) channel.apply(committed)
    return this.channels.get(name)
  }

  #takeCommit(committed: ChannelCommitted): void {
    this.channels.get(committed.channel)?.apply(committed)
    this.#loading.get(committed.channel)?.commits.push(committed)
    if (committed.created) this.#creations.announce(committed.channel)
  }

  /** `created` resolves when this node hears that the channel was created, wherever. `stop` ends the wait. */
  async expectChannel(name: string): Promise<{ created: Promise<void>; stop: () => void }> {
    const wait = this.#creations.wait(name)
    const stop = () => {
      wait.stop()
      this.#unlisten(name)
    }
    try {
      await this.#core.bus.subscribe(`channel:${name}`)
    } catch (error) {
      stop()
      throw error
    }
    return { created: wait.created, stop }
  }

  /** Ends the bus subscription of a channel that nobody here holds, reads or waits for. */
  #unlisten(name: string): void {
    if (this.channels.has(name) || this.#loading.has(name) || this.#creations.isAwaited(name))
      return
    this.#core.bus.unsubscribe(`channel:${name}`)
  }

  #receive(message: BusMessage): void {
    if (message.node === this.#core.nodeId) return
    if (message.type === 'committed') this.#takeCommit(message.committed)
    else if (message.type === 'user') this.#receiveUser(message)
    else if (message.type === 'read') this.#receiveRead(message)
    else if (message.type === 'typing') this.#receiveTyping(message)
    else if (message.only === undefined) this.channels.get(message.channel)?.applyPassing(message)
    else this.#receiveOnly(message)
  }

  #receiveUser(message: Extract<BusMessage, { type: 'user' }>): void {
    const user = this.users.get(message.user)
    if (user === undefined || !user.isBehind(message.version)) return
    this.#core.background('refresh user', this.refreshUser(user, message.initial))
  }

  #receiveRead({ user, channel, offset, unread }: Extract<BusMessage, { type: 'read' }>): void {
    const here = this.users.get(user)
    if (here !== undefined)
      tellOutside(this.#core, here, { event: 'read', channel, offset, unread })
  }

  #receiveTyping({ channel, user }: Extract<BusMessage, { type: 'typing' }>): void {
    const room = this.channels.get(channel)
    if (room !== undefined) tellTyping(room, user)
  }

  #receiveOnly(message: Extract<BusMessage, { type: 'passing' }>): void {
    const user = this.users.get(message.only ?? '')
    if (user?.isNewPassing(message)) this.tellOnly(user, message.channel, message.entry)
  }
}

/** They are no places of their users any more: their clients resume. */
function end(connections: readonly Connection[]): void {
  for (const connection of connections) connection.close(new Refusal('expired'))
}

interface Loading {
  readonly commits: ChannelCommitted[]
  readonly done: Promise<LocalChannel | undefined>
}
