import { attachAgain, dismiss } from './attach-again.ts'
import type { Core } from './core.ts'
import type { Entry, Head } from './entry.ts'
import type { Event } from './event.ts'
import { HeldCommits, isKnown, isNext } from './held-commits.ts'
import type { LocalUser } from './local-user.ts'
import { tellReaders, tellReadersAgain } from './markers.ts'
import type { ChannelOptions } from './options.ts'
import type { ChannelCommitted, ChannelSnapshot, PresenceChange, StatePairs } from './ports.ts'
import { comingOf, differenceOfPresence, differenceOfState } from './snapshot-difference.ts'
import { Subscribers } from './subscribers.ts'

/** How long commits may wait for the one before them, before the store is asked. */
const maxHeldMs = 50
/** A node that has missed more starts its subscribers anew. */
const maxHealed = 10_000
const retryHealMs = 1000

/**
 * What this node knows of one channel: a view at one head that moves only forward, commit by commit, and the
 * connections that are told. Commits that come early are held; what does not come is read from the store
 * (design §3, "Store first, bus second").
 */
export class LocalChannel {
  readonly name: string
  readonly subscribers: Subscribers
  head: Head
  options: ChannelOptions
  optionsVersion: number
  room: { readonly closed: boolean } | undefined
  /** Keys with their values as JSON text. */
  readonly state: Map<string, string>
  /** Names with the generation of their join, in joining order. */
  readonly presence: Map<string, number>
  /** The channel was destroyed, or made anew under another epoch. */
  gone = false
  /** A channel without history may still show entries that the app gave it; false once seen to be none. */
  mayShowGiven: boolean
  /** When it was last used, for the sweep that forgets idle channels. */
  usedAt: number
  readonly #core: Core
  readonly #held = new HeldCommits()
  #healing: Promise<void> | undefined
  #healingNext: Promise<void> | undefined
  #cancelHeal: (() => void) | undefined
  /** Last sequence seen of each node's passing entries. */
  readonly #passed = new Map<string, number>()

  constructor(core: Core, snapshot: ChannelSnapshot) {
    this.#core = core
    this.name = snapshot.channel
    this.subscribers = new Subscribers(core.delivery)
    this.head = snapshot.head
    this.options = snapshot.options
    this.optionsVersion = snapshot.optionsVersion
    this.room = snapshot.room
    this.state = new Map(snapshot.state)
    this.presence = new Map(snapshot.presence.map((item) => [item.user, item.generation]))
    this.mayShowGiven = snapshot.history.length > 0
    this.usedAt = core.clock.now()
  }

  /** The options under which an act was allowed: what its commit expects to find. */
  get expectation(): { epoch: string; optionsVersion: number } {
    return { epoch: this.head.epoch, optionsVersion: this.optionsVersion }
  }

  /** Takes a commit, of this node or another: applies it, holds it, or drops what is known already. */
  apply(committed: ChannelCommitted): void {
    if (this.gone) return
    if (committed.head.epoch !== this.head.epoch) {
      // Another life of the name: only the store can tell which one is the present.
      this.#healSoon(0)
    } else if (isKnown(committed, this.head)) {
      return
    } else if (isNext(committed, this.head)) {
      this.#advance(committed)
      this.#applyHeld()
    } else {
      this.#hold(committed)
    }
  }

  /** An entry of a channel without history: at most once, in each node's own order. */
  applyPassing(message: { node: string; sequence: number; entry: Entry }): void {
    if (message.sequence <= (this.#passed.get(message.node) ?? 0)) return
    this.#passed.set(message.node, message.sequence)
    this.#tellPublish(message.entry)
  }

  /**
   * Brings this node to the store's present head. One read at a time: a read that is under way may have begun before
   * what the caller wants to see, so all who call meanwhile share the next one.
   */
  heal(): Promise<void> {
    if (this.#healing === undefined) {
      this.#healing = this.#readAndApply().finally(() => {
        this.#healing = undefined
      })
      return this.#healing
    }
    const next = () => {
      this.#healingNext = undefined
      return this.heal()
    }
    this.#healingNext ??= this.#healing.then(next, next)
    return this.#healingNext
  }

  /** This node's users who are attached, each once. */
  users(): LocalUser[] {
    return [...new Set(this.subscribers.everybody().flatMap(({ user }) => user ?? []))]
  }

  /** Tells everybody who is attached that the channel is over, each for itself. */
  end(at: number): void {
    if (this.gone) return
    this.gone = true
    this.#cancelHeal?.()
    for (const connection of this.subscribers.removeAll()) dismiss(this, connection, at)
  }

  /** Names for a frame; only presenceful channels show them. */
  get names(): string[] {
    return this.options.presenceful ? [...this.presence.keys()] : []
  }

  #hold(committed: ChannelCommitted): void {
    const wasFull = this.#held.isFull
    this.#held.add(committed)
    this.#healSoon(this.#held.isFull && !wasFull ? 0 : maxHeldMs)
  }

  #applyHeld(): void {
    if (this.#held.size === 0) return
    for (;;) {
      const next = this.gone ? undefined : this.#held.takeNext(this.head)
      if (next === undefined) break
      this.#advance(next)
    }
    if (this.#held.size > 0) return
    this.#cancelHeal?.()
    this.#cancelHeal = undefined
  }

  #healSoon(ms: number): void {
    if (this.#cancelHeal !== undefined && ms > 0) return
    this.#cancelHeal?.()
    this.#cancelHeal = this.#core.clock.after(ms, () => {
      this.#cancelHeal = undefined
      this.#core.background('heal channel', this.heal())
    })
  }

  async #readAndApply(): Promise<void> {
    const { stores, clock } = this.#core
    const since = { epoch: this.head.epoch, offset: this.head.offset }
    try {
      const limit = maxHealed
      const snapshot = await stores.channels.snapshot(this.name, { since, limit, now: clock.now() })
      this.#applySnapshot(snapshot)
    } catch (error) {
      this.#healSoon(retryHealMs)
      throw error
    }
  }

  #applySnapshot(snapshot: ChannelSnapshot | undefined): void {
    if (this.gone) return
    if (snapshot === undefined || snapshot.head.epoch !== this.head.epoch) {
      this.#core.hub.dropChannel(this)
      return
    }
    const { head } = snapshot
    if (head.offset >= this.head.offset && head.version >= this.head.version) {
      this.#catchUp(snapshot)
    }
    this.#applyHeld()
    if (this.#held.size > 0) this.#healSoon(maxHeldMs)
  }

  /** Tells the subscribers the difference between this node's view and the snapshot. */
  #catchUp(snapshot: ChannelSnapshot): void {
    const missed = snapshot.history.filter((entry) => entry.offset > this.head.offset)
    this.head = snapshot.head
    this.room = snapshot.room
    if (!snapshot.covered) {
      this.#startAgain(snapshot)
      return
    }
    this.#takeOptions(snapshot.options, snapshot.optionsVersion)
    this.#patchState(differenceOfState(this.state, snapshot.state))
    for (const entry of missed) {
      this.#tellEntry(entry)
      this.#catchUpComing(entry)
    }
    // Comings and goings that are no entries (publish-only or anonymous histories) show only in the difference.
    const { joined, left } = differenceOfPresence(this.presence, snapshot.presence)
    this.#takePresence(snapshot)
    const at = this.#core.clock.now()
    for (const user of left) this.#tellComing('leave', { user, at })
    for (const user of joined) this.#tellComing('join', { user, at })
    this.#core.background('read markers', tellReadersAgain(this.#core, this))
  }

  /** The view goes along with the entries, so that each publish shows who was in at its time. */
  #catchUpComing(entry: Entry): void {
    const coming = comingOf(entry)
    if (coming === undefined) return
    const { kind, user } = coming
    if (this.presence.has(user) === (kind === 'join')) return
    // The generation comes with the snapshot.
    if (kind === 'join') this.presence.set(user, 0)
    else this.presence.delete(user)
    this.#tellComing(kind, coming)
  }

  /** Entries that were missed are no longer kept: everybody gets a new snapshot instead (G2). */
  #startAgain(snapshot: ChannelSnapshot): void {
    this.#takeOptions(snapshot.options, snapshot.optionsVersion)
    this.state.clear()
    for (const [key, json] of snapshot.state) this.state.set(key, json)
    this.#takePresence(snapshot)
    this.subscribers.readAgain()
    for (const connection of [...this.subscribers.all()]) {
      this.subscribers.remove(connection)
      this.#core.background('read again', attachAgain(this.#core, this, connection))
    }
  }

  #takePresence(snapshot: ChannelSnapshot): void {
    this.presence.clear()
    for (const { user, generation } of snapshot.presence) this.presence.set(user, generation)
  }

  #advance(committed: ChannelCommitted): void {
    this.head = committed.head
    this.usedAt = this.#core.clock.now()
    if (committed.destroyed) {
      this.#core.hub.dropChannel(this)
      return
    }
    if (committed.options !== undefined) {
      this.#takeOptions(committed.options.values, committed.options.version)
    }
    if (committed.room !== undefined) this.room = committed.room
    if (committed.state !== undefined) this.#patchState(committed.state)
    for (const change of committed.left) {
      this.presence.delete(change.user)
      this.#tellComing('leave', change)
    }
    for (const change of committed.entered) {
      this.presence.set(change.user, change.generation)
      this.#tellComing('join', change)
    }
    for (const entry of committed.entries) this.#tellEntry(entry)
    tellReaders(this.#core, this, committed.markers)
  }

  #takeOptions(options: ChannelOptions, version: number): void {
    if (version === this.optionsVersion) return
    this.options = options
    this.optionsVersion = version
    this.mayShowGiven = true
  }

  #patchState(change: { updates: StatePairs; deletes: readonly string[] }): void {
    if (change.updates.length === 0 && change.deletes.length === 0) return
    for (const [key, json] of change.updates) this.state.set(key, json)
    for (const key of change.deletes) this.state.delete(key)
    this.subscribers.send({ event: 'state', channel: this.name, ...change })
  }

  #tellEntry(entry: Entry): void {
    if (this.subscribers.size === 0) return
    this.subscribers.collect(entry)
    if (entry.kind === 'publish' && entry.given === undefined) this.#tellPublish(entry)
  }

  #tellPublish(entry: Entry): void {
    this.subscribers.send(this.publishEvent(entry), { connection: entry.omit })
  }

  /** The event that tells of a publish, with the presence list while it is short enough. */
  publishEvent(entry: Entry): Event {
    const shows =
      this.options.presenceful && this.presence.size <= this.#core.settings.presenceInPublish
    return shows
      ? { event: 'publish', channel: this.name, entry, presence: this.names }
      : { event: 'publish', channel: this.name, entry }
  }

  /** The user itself is told by being attached or detached. */
  #tellComing(event: 'join' | 'leave', change: Omit<PresenceChange, 'generation'>): void {
    if (!this.options.presenceful) return
    const { user, at, offset } = change
    const place = offset === undefined ? {} : { offset }
    this.subscribers.send({ event, channel: this.name, user, at, ...place }, { user })
  }
}
