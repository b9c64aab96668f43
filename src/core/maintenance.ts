import type { Core } from './core.ts'
import { Failure } from './errors.ts'
import { nodeLease } from './leases.ts'
import { channelEmptied } from './operations/destroy-channel.ts'
import { removeConnection, removeGhosts } from './operations/disconnect.ts'
import { healIntents } from './operations/heal-intents.ts'
import { allNames } from './paging.ts'
import { healWatched } from './server-presence.ts'

const sweepMs = 30_000
/** Later than any time: a node that does not hold its lease is never old enough. */
const never = Number.POSITIVE_INFINITY

/**
 * What a node does by itself: renews its lease, heals from the store what the bus may have lost, expires dead nodes,
 * carries out intents that their node left behind, takes over polling (design §3, "Dead nodes").
 */
export class Maintenance {
  readonly #core: Core
  readonly #cancels = new Map<string, () => void>()
  /** Since when the lease has been renewed without a break, and when it was last. */
  #renewedSince = never
  #renewedAt = 0
  #stopped = false

  constructor(core: Core) {
    this.#core = core
  }

  async start(): Promise<void> {
    const { clock, settings, bus, nodeId, hub, pollers } = this.#core
    await bus.subscribe(`node:${nodeId}`)
    await this.#renew()
    if (this.#renewedSince === never)
      throw new Failure('store', 'the node lease could not be claimed')
    await hub.heal('changed')
    const empty = await this.#emptyChannels()
    this.#every('renew', settings.nodeTimeoutMs / 3, () => this.#renew())
    this.#every('expire', settings.nodeTimeoutMs / 3, () => this.#expireWhereSure())
    this.#every('heal', settings.healIntervalMs, () => hub.heal('changed'))
    this.#every('sweep', sweepMs, async () => hub.sweep())
    this.#every('places', sweepMs, () => removeGhosts(this.#core))
    this.#every('intents', sweepMs, () =>
      this.#whenLeased('intents', () => healIntents(this.#core)),
    )
    this.#every('server presence', sweepMs, () => healWatched(this.#core))
    this.#every('polling', sweepMs, () => pollers.takeOver())
    this.#core.background('polling', pollers.takeOver())
    this.#cancels.set(
      'abandoned',
      clock.after(settings.abandonedChannelMs, () => {
        this.#core.background('abandoned channels', this.#destroyAbandoned(empty))
      }),
    )
  }

  stop(): void {
    this.#stopped = true
    for (const cancel of this.#cancels.values()) cancel()
  }

  /** Gives the lease back, so that the next start need not wait for it; connections stay in the store. */
  async release(): Promise<void> {
    await this.#core.stores.leases.release(nodeLease(this.#core.nodeId), this.#core.nodeId)
  }

  #every(name: string, ms: number, act: () => Promise<void>): void {
    if (this.#stopped) return
    const turn = async () => {
      try {
        await act()
      } catch (error) {
        this.#core.telemetry.failure(name, error)
      }
      this.#every(name, ms, act)
    }
    this.#cancels.set(
      name,
      this.#core.clock.after(ms, () => this.#core.background(name, turn())),
    )
  }

  async #expireWhereSure(): Promise<void> {
    const { clock, settings } = this.#core
    // Only a node that has itself been alive for that long may call another dead: an outage expires nobody.
    if (clock.now() - this.#renewedSince < settings.nodeTimeoutMs) return
    await this.#whenLeased('expire', () => this.#expireDeadNodes())
  }

  /** An answer that was long in coming is a break as well: meanwhile other nodes could not renew either. */
  async #renew(): Promise<void> {
    const { stores, clock, settings, nodeId } = this.#core
    const name = nodeLease(nodeId)
    const before = this.#renewedAt
    const renewed = await stores.leases.renew(name, nodeId, settings.nodeTimeoutMs)
    const held = renewed || (await stores.leases.acquire(name, nodeId, settings.nodeTimeoutMs))
    const now = clock.now()
    this.#renewedAt = now
    if (!held) this.#renewedSince = never
    else if (!renewed || now - before > settings.nodeTimeoutMs / 2) this.#renewedSince = now
  }

  async #expireDeadNodes(): Promise<void> {
    const { stores, nodeId } = this.#core
    for (const node of await stores.users.nodes()) {
      // Whoever asks is alive, also where its own lease has run out because its clock has jumped.
      if (node === nodeId) continue
      if ((await stores.leases.holder(nodeLease(node))) !== undefined) continue
      this.#core.telemetry.event('node expired', { node })
      await this.#expire(node)
    }
  }

  async #expire(node: string): Promise<void> {
    const { users } = this.#core.stores
    for await (const user of allNames((page) => users.list({ ...page, node }))) {
      await this.#expireUser(user, node)
    }
  }

  async #expireUser(user: string, node: string): Promise<void> {
    const record = await this.#core.stores.users.snapshot(user)
    for (const connection of record?.connections ?? []) {
      if (connection.node !== node) continue
      const { id, only } = connection
      await removeConnection(this.#core, { user, connection: id, only })
    }
  }

  /** Channels that had subscribers and have none. */
  async #emptyChannels(): Promise<ReadonlySet<string>> {
    const { channels } = this.#core.stores
    const empty = new Set<string>()
    for await (const name of allNames((page) => channels.list({ ...page, abandoned: true }))) {
      empty.add(name)
    }
    return empty
  }

  /**
   * Channels whose subscribers did not come back after a restart count as left by their last one. Those that became
   * empty since the start have been asked about.
   */
  async #destroyAbandoned(emptyAtStart: ReadonlySet<string>): Promise<void> {
    for (const name of await this.#emptyChannels()) {
      if (!emptyAtStart.has(name)) continue
      const channel = await this.#core.hub.channel(name)
      if (channel === undefined) continue
      this.#core.background('destroy channel', channelEmptied(this.#core, channel))
    }
  }

  async #whenLeased(name: string, act: () => Promise<void>): Promise<void> {
    const { leases } = this.#core.stores
    const { nodeId, settings } = this.#core
    if (!(await leases.acquire(name, nodeId, settings.nodeTimeoutMs))) return
    try {
      await act()
    } finally {
      await leases.release(name, nodeId)
    }
  }
}
