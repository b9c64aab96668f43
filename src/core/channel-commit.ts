import type { Entry, EntryDraft, Head, Position } from './entry.ts'
import type { Marker } from './member.ts'
import type { Notice } from './notice.ts'
import type { ChannelOptions } from './options.ts'

/**
 * The store's channel aggregate (design §3): what a commit asks, what it answers. Everything here is plain JSON, so that it can
 * be stored and sent over a bus as it is. Lists of pairs stand for maps keyed by outside text.
 */

/** Keys of a channel's state with their values as JSON text. */
export type StatePairs = readonly (readonly [key: string, json: string])[]

/** Under what the change is allowed. A mismatch answers `conflict` and changes nothing. */
export interface ChannelExpectation {
  /** The channel must not exist. Without it the channel must exist. */
  readonly absent?: true
  readonly epoch?: string
  readonly optionsVersion?: number
  /** No subscriber and no member, else `occupied`. */
  readonly empty?: true
  /** The channel is a room. */
  readonly room?: true
  /** This user is a member of the room. */
  readonly member?: string
  /** This user is a member, or the room is open and the user was not removed from it. */
  readonly admits?: string
}

/** One client-given publish id; unique per channel and user (G4). */
export interface PublishClaim {
  /** The user, or for REST the originator; `''` for none. */
  readonly user: string
  readonly id: string
  /** Digest of the payload: the same id with another digest is `reused`. */
  readonly digest: string
}

/** A user who leaves by the same commit. */
interface Leaver {
  readonly leaves: string
}

export type ChannelChange =
  | {
      readonly change: 'create'
      readonly epoch: string
      readonly options: ChannelOptions
      readonly state: StatePairs
      /** Pre-filled history, oldest first, already cut to what the options allow. */
      readonly history: readonly EntryDraft[]
      /** Shown in snapshots of a channel whose `history_size` is 0, else empty. */
      readonly staticHistory: readonly EntryDraft[]
      /** The user whose frame created the channel. */
      readonly createdBy?: string
      /**
       * Makes it a room. `closed`: only members are admitted. `madeFor`: JSON text of the sorted names of the users that
       * it was made for; never changes, `list` finds the room by it.
       */
      readonly room?: { readonly closed: boolean; readonly madeFor?: string }
      readonly limits: { readonly channels: number; readonly perCreator: number }
    }
  | { readonly change: 'destroy' }
  | { readonly change: 'options'; readonly options: ChannelOptions }
  | {
      /** `patch` sets and deletes keys; `replace` makes `updates` the whole state. */
      readonly change: 'state'
      readonly mode: 'patch' | 'replace'
      readonly updates: StatePairs
      readonly deletes: readonly string[]
      readonly limits: { readonly bytes: number; readonly keys: number }
    }
  /** Replaces the shown history by entries the app gave: older entries are hidden, offsets go on. */
  | {
      readonly change: 'history'
      readonly entries: readonly EntryDraft[]
      readonly staticHistory: readonly EntryDraft[]
    }
  /** Appends. With `claim`, completes that id in the same commit (claiming it if need be). */
  | { readonly change: 'entry'; readonly draft: EntryDraft; readonly claim?: PublishClaim }
  /** `entry` is appended only if the user was not in yet (resp. was in). */
  | {
      readonly change: 'enter'
      readonly user: string
      readonly generation: number
      readonly at: number
      readonly entry?: EntryDraft
    }
  | {
      readonly change: 'leave'
      readonly user: string
      readonly generation: number
      readonly at: number
      readonly entry?: EntryDraft
    }
  /** Makes an existing channel a room, or opens or closes one. */
  | { readonly change: 'room'; readonly closed: boolean }
  /**
   * Only in a room. `add`: no effect for a member; else a removal is forgotten, and all its markers stand at the head
   * as the changes before have made it. `remove`: the user is no member any more and, also if it was none, stays out
   * of an open room until added again.
   */
  | {
      readonly change: 'member'
      readonly act: 'add' | 'remove'
      readonly user: string
      readonly at: number
      /** Members that the room may have; one more is refused. */
      readonly max?: number
    }
  /**
   * Moves a member's read marker, its `left` or its `away`: only forward (by offset), and to the head at most, as the changes
   * before have made it. So an offset of `Number.MAX_SAFE_INTEGER` after an `entry` says that its author has read it.
   * No effect for others than members. `onlyAs`: as for a notice.
   */
  | {
      readonly change: 'marker' | 'left' | 'away'
      readonly user: string
      readonly marker: Marker
      readonly onlyAs?: Leaver
    }
  /** Claims an id before its gate is asked: answers `duplicate`, `pending` or `reused` where it is taken. */
  | { readonly change: 'claim'; readonly claim: PublishClaim }
  /** Frees a claimed id whose publish was refused. */
  | { readonly change: 'release'; readonly claim: PublishClaim }
  /**
   * `tells: 'head'`: `offset` and `count` of the head, as the changes before have made it, are put into its body. `stay`:
   * also `from`, the head that the join of the leaver of `onlyAs` had left, or the body's own where that is later.
   * `onlyAs`: only where this commit has taken that user out of the channel; a leave that is repeated has no effect.
   */
  | {
      readonly change: 'notice'
      readonly notice: Notice
      readonly tells?: 'head' | 'stay'
      readonly onlyAs?: Leaver
    }

export interface ChannelCommit {
  readonly expect: ChannelExpectation
  readonly changes: readonly ChannelChange[]
  /** Unix milliseconds by the core's clock: what `history_duration` and id expiry are measured against. */
  readonly now: number
}

/** A user's coming or going. `offset` only where it is an entry of the history too. */
export interface PresenceChange {
  readonly user: string
  readonly generation: number
  readonly at: number
  readonly offset?: number
}

/**
 * What one commit changed: delivered on this node and sent to the others. Commits of one channel form a
 * chain: each `prev` is the `head` before it.
 */
export interface ChannelCommitted {
  readonly channel: string
  /** `offset` and `version` before; both 0 for `created`. */
  readonly prev: { readonly epoch: string; readonly offset: number; readonly version: number }
  readonly head: Head
  readonly entries: readonly Entry[]
  readonly entered: readonly PresenceChange[]
  readonly left: readonly PresenceChange[]
  /** Only real differences; absent if nothing changed. */
  readonly state?: { readonly updates: StatePairs; readonly deletes: readonly string[] }
  readonly options?: { readonly version: number; readonly values: ChannelOptions }
  /** The channel has become a room, or one was opened or closed. */
  readonly room?: { readonly closed: boolean }
  /** Who became a member and who is one no more; absent if nobody. A destroyed room names nobody. */
  readonly members?: { readonly added: readonly string[]; readonly removed: readonly string[] }
  /** Read markers of members that moved, where they stand now; not those that a join set. Absent if none. */
  readonly markers?: readonly { readonly user: string; readonly marker: Marker }[]
  readonly created?: true
  readonly destroyed?: true
}

export type ChannelCommitResult =
  | {
      readonly outcome: 'committed'
      readonly committed: ChannelCommitted
      /** This commit made the channel go from no subscriber to some, or from some to none. */
      readonly first: boolean
      readonly last: boolean
    }
  | {
      readonly outcome: 'conflict'
      readonly reason:
        | 'exists'
        | 'gone'
        | 'epoch'
        | 'options'
        | 'not_room'
        | 'not_member'
        | 'not_admitted'
        | 'occupied'
    }
  /** The claimed id is complete already: what its publish answered. */
  | { readonly outcome: 'duplicate'; readonly position: Position; readonly at: number }
  | { readonly outcome: 'pending' }
  | { readonly outcome: 'reused' }

export interface SnapshotQuery {
  /** Entries after this offset; a `since` of another epoch, or no longer covered, answers `covered: false`. */
  readonly since?: Position
  /** Newest entries to read at most (without `since`: of the shown history). 0 = none. */
  readonly limit: number
  readonly now: number
}

/** One consistent cut of a channel. */
export interface ChannelSnapshot {
  readonly channel: string
  readonly head: Head
  readonly options: ChannelOptions
  readonly optionsVersion: number
  readonly state: StatePairs
  /** In joining order. `from`: the head that the join left; what is stored later is stored while the user is in. */
  readonly presence: readonly {
    readonly user: string
    readonly generation: number
    readonly from: number
  }[]
  /** Oldest first. Without `since` the shown history; with it every entry after `since.offset`. */
  readonly history: readonly Entry[]
  /** With `since`: whether `history` has every entry after it. True without `since`. */
  readonly covered: boolean
  /** The channel once had a subscriber. */
  readonly everSubscribed: boolean
  /** Only of rooms; `members`: how many there are. */
  readonly room?: { readonly closed: boolean; readonly members: number }
  /**
   * `offset` of the first entry that history_size still shows (the head's + 1 where none is), and `count` of the counted
   * entries before it: what unread counts go back to at most (spec/hipochat.md §7).
   */
  readonly shownFrom: Marker
}

export interface HistoryQuery {
  readonly epoch: string
  /** Exclusive bounds by offset; at most one of the two. */
  readonly before?: number
  readonly after?: number
  readonly limit: number
  /** Shows what would be shown if this entry were not there: one older takes its place. */
  readonly without?: number
  /** `shown`: what history_size and history_duration show; `recovery`: everything still kept. */
  readonly scope: 'shown' | 'recovery'
  readonly now: number
}

export interface ChannelListQuery {
  /** Names after this one, in the store's own order. */
  readonly after?: string
  readonly limit: number
  /** Only channels that poll; or that list this user in `server_user_presence` while `server_presenceful`. */
  readonly polling?: true
  readonly watches?: string
  /** Only channels with no subscriber that once had one; a room with members is never among them. */
  readonly abandoned?: true
  /** Only rooms of which this user is a member; that were made for this set of users (`room.madeFor`). */
  readonly member?: string
  readonly madeFor?: string
}

/** A page of names. `next` absent: the end. */
export interface NamePage {
  readonly names: readonly string[]
  readonly next?: string
}

/**
 * What changed since a cursor, by name, with where the newest change has left it: a channel's head, a user's version. `all`:
 * the cursor is too old or unknown, anything may have changed.
 */
export interface Changed<Place> {
  readonly cursor: string
  readonly places: ReadonlyMap<string, Place> | 'all'
}
