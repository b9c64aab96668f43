import type { Entry, EntryDraft } from '../../core/entry.ts'
import type { ChannelOptions } from '../../core/options.ts'
import type { Marker, Notice, PresenceChange } from '../../core/ports.ts'
import type { ChannelAggregate, Claim, Room, Standing, Subscriber, Tombstone } from './channel.ts'
import type { ClaimMutation } from './claims.ts'

const none: readonly never[] = []

/** A list with one more. Most commits leave most of their lists empty: one is made with its first element. */
function withOneMore<Item>(list: readonly Item[], item: Item): readonly Item[] {
  if (list.length === 0) return [item]
  ;(list as Item[]).push(item)
  return list
}

/**
 * What a commit would make of a channel, kept beside the channel until all its changes have been accepted: a
 * commit that is refused halfway leaves no trace. Maps and lists are overlays, made on first use.
 */
export class ChannelDraft {
  readonly base: ChannelAggregate
  readonly created: boolean
  destroyed = false
  offset: number
  count: number
  options: ChannelOptions
  optionsVersion: number
  everSubscribed: boolean
  hidden: number
  first: number
  staticHistory: readonly Entry[]
  stateBytes: number
  stateKeys: number
  subscribers: number
  room: Room | undefined
  memberCount: number
  entries: readonly Entry[] = none
  entered: readonly PresenceChange[] = none
  left: readonly PresenceChange[] = none
  notices: readonly Notice[] = none
  claims: readonly ClaimMutation[] = none
  /** `undefined` as a value: the key, user or tombstone goes. */
  state: Map<string, string | undefined> | undefined
  presence: Map<string, Subscriber | undefined> | undefined
  tombstones: Map<string, Tombstone | undefined> | undefined
  members: Map<string, Standing> | undefined
  /** Where the markers of those stood who became members. */
  joined: Map<string, Marker> | undefined

  constructor(base: ChannelAggregate, origin: 'created' | 'held') {
    this.base = base
    this.created = origin === 'created'
    this.offset = base.offset
    this.count = base.count
    this.options = base.options
    this.optionsVersion = base.optionsVersion
    this.everSubscribed = base.everSubscribed
    this.hidden = base.hidden
    this.first = base.first
    this.staticHistory = base.staticHistory
    this.stateBytes = base.stateBytes
    this.stateKeys = base.state.size
    this.subscribers = base.presence.size
    this.room = base.room
    this.memberCount = base.memberCount
  }

  /** Nothing changes but the log, publish ids and notices: every publish is so, and most commits are publishes. */
  get isLogOnly(): boolean {
    const { base } = this
    return (
      !(this.created || this.destroyed) &&
      (this.presence ?? this.tombstones ?? this.state ?? this.members) === undefined &&
      this.options === base.options &&
      this.room === base.room &&
      this.hidden === base.hidden &&
      this.staticHistory === base.staticHistory
    )
  }

  /** Gives a draft the next place in the log. */
  append(draft: EntryDraft): Entry {
    this.offset += 1
    if (draft.kind === 'publish') this.count += 1
    const entry = { ...draft, epoch: this.base.epoch, offset: this.offset, count: this.count }
    this.entries = withOneMore(this.entries, entry)
    return entry
  }

  addEntered(change: PresenceChange): void {
    this.entered = withOneMore(this.entered, change)
  }

  addLeft(change: PresenceChange): void {
    this.left = withOneMore(this.left, change)
  }

  addNotice(notice: Notice): void {
    this.notices = withOneMore(this.notices, notice)
  }

  addClaim(claim: ClaimMutation): void {
    this.claims = withOneMore(this.claims, claim)
  }

  /** Entries outside the log: sent with snapshots of channels without history. */
  setStaticHistory(drafts: readonly EntryDraft[]): void {
    if (drafts.length === 0 && this.staticHistory.length === 0) return
    this.staticHistory = drafts.map((draft) => ({
      ...draft,
      epoch: this.base.epoch,
      offset: 0,
      count: 0,
    }))
  }

  stateOf(key: string): string | undefined {
    return this.state?.has(key) ? this.state.get(key) : this.base.state.get(key)
  }

  setState(key: string, json: string | undefined): void {
    this.state ??= new Map()
    this.state.set(key, json)
  }

  subscriberOf(user: string): Subscriber | undefined {
    return this.presence?.has(user) ? this.presence.get(user) : this.base.presence.get(user)
  }

  setSubscriber(user: string, subscriber: Subscriber | undefined): void {
    this.presence ??= new Map()
    this.presence.set(user, subscriber)
  }

  tombstoneOf(user: string): Tombstone | undefined {
    return this.tombstones?.has(user) ? this.tombstones.get(user) : this.base.tombstones.get(user)
  }

  setTombstone(user: string, tombstone: Tombstone | undefined): void {
    this.tombstones ??= new Map()
    this.tombstones.set(user, tombstone)
  }

  standingOf(user: string): Standing {
    return this.members?.get(user) ?? this.base.members.get(user) ?? 'stranger'
  }

  setStanding(user: string, standing: Standing): void {
    this.members ??= new Map()
    this.members.set(user, standing)
  }

  setJoined(user: string, marker: Marker): void {
    this.joined ??= new Map()
    this.joined.set(user, marker)
  }

  claimOf(user: string, id: string): Claim | undefined {
    const own = this.claims.findLast((claim) => claim.user === user && claim.id === id)
    return own === undefined ? this.base.claims.get(user)?.ids.get(id) : own.claim
  }
}
