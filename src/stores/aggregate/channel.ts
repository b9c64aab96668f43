import type { Entry } from '../../core/entry.ts'
import type { ChannelOptions } from '../../core/options.ts'
import type { Member } from '../../core/ports.ts'

/**
 * The channel aggregate as every store keeps it, and what one commit does to it. The rules are in
 * commit-channel.ts; adapters only keep, apply and persist.
 */

/** A user in a channel, as snapshots show it. Replaced, never changed. */
export interface Subscriber {
  readonly user: string
  readonly generation: number
  /** The head that the join left: what is stored later is stored while the user is in. */
  readonly from: number
}

/** Remembers with which generation a user left, so that an older enter that arrives late is ignored. */
export interface Tombstone {
  readonly generation: number
  readonly at: number
}

/** A publish id: pending until `done` says what its publish answered (G4). */
export interface Claim {
  readonly digest: string
  /** When it was claimed, Unix milliseconds. */
  readonly claimed: number
  readonly done?: { readonly offset: number; readonly at: number }
}

/** One user's publish ids in one channel. */
export interface ClaimBook {
  /** Oldest claim first. */
  readonly ids: Map<string, Claim>
  /** When the user last claimed one. */
  newest: number
}

/** Where the channel's log stood at a time: lets retention tell the age of entries without reading them. */
export interface LogMark {
  readonly offset: number
  readonly at: number
}

/** What makes a channel a room. Replaced, never changed. */
export interface Room {
  readonly closed: boolean
  readonly madeFor?: string
}

/** What a user is to a room; `removed` stays out of an open one until added again. */
export type Standing = Member | 'removed' | 'stranger'

/** What a store holds in memory of one channel. Only `applyChannel` changes it. */
export interface ChannelAggregate {
  readonly channel: string
  readonly epoch: string
  readonly createdBy: string | undefined
  offset: number
  count: number
  version: number
  options: ChannelOptions
  optionsVersion: number
  everSubscribed: boolean
  /** Entries up to this offset are not shown: a `history` change or a smaller history_size hid them. */
  hidden: number
  /** Offset of the oldest entry kept; `offset + 1` where none is. */
  first: number
  marks: readonly LogMark[]
  staticHistory: readonly Entry[]
  readonly state: Map<string, string>
  stateBytes: number
  readonly presence: Map<string, Subscriber>
  readonly tombstones: Map<string, Tombstone>
  /** Books of users; a store may hold only those that the commit at hand names. */
  readonly claims: Map<string, ClaimBook>
  room: Room | undefined
  memberCount: number
  /** Who is not here is a stranger; a store may hold only those that the commit at hand names. */
  readonly members: Map<string, Standing>
}

/** The settings of recovery (design §3, "Recovery is not history"). */
export interface RecoverySettings {
  readonly recoveryEntries: number
  readonly recoverySeconds: number
}

/** A channel that has just begun: nothing in it yet. */
export function emptyChannel(
  channel: string,
  start: { epoch: string; options: ChannelOptions; createdBy?: string | undefined },
): ChannelAggregate {
  return {
    channel,
    epoch: start.epoch,
    createdBy: start.createdBy,
    offset: 0,
    count: 0,
    version: 0,
    options: start.options,
    optionsVersion: 1,
    everSubscribed: false,
    hidden: 0,
    first: 1,
    marks: [],
    staticHistory: [],
    state: new Map(),
    stateBytes: 0,
    presence: new Map(),
    tombstones: new Map(),
    claims: new Map(),
    room: undefined,
    memberCount: 0,
    members: new Map(),
  }
}
