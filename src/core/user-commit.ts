import type { Marker } from './member.ts'
import type { Notice } from './notice.ts'
import type { UserOptions } from './options.ts'

/** The store's user aggregate (design §3). Plain JSON, as the channel's. */

/** One connection in a user's record. */
export interface UserConnection {
  readonly id: string
  readonly node: string
  readonly protocol: string
  readonly address: string
  /**
   * The one channel that this connection is in, for as long as it lasts (talk): it takes no part in the user's other
   * subscriptions, and the user's other connections none in its own.
   */
  readonly only?: string
}

/** A user's place in one channel. Subscribed while it has at least one connection. */
export interface UserSubscription {
  readonly channel: string
  /** The record's version when the user joined: the join's generation. */
  readonly generation: number
  /** Offset of the join's history entry, 0 where it is none; absent until the join is confirmed. */
  readonly joined?: number
  readonly connections: readonly {
    readonly id: string
    /** The record's version when this connection was attached; equals `generation` if it came with the join. */
    readonly generation: number
  }[]
}

/** A join or leave that the channel's commit has not confirmed yet. At most one per channel, the newest. */
export interface Intent {
  readonly kind: 'join' | 'leave'
  readonly channel: string
  readonly generation: number
  readonly at: number
  /** Of a leave by the end of the user's last connection there. */
  readonly departure?: Departure
}

/** How a connection's end left a channel: a room's read markers and pushes follow it (spec/hipochat.md §2, §5). */
export interface Departure {
  /** `lost`: by a timeout or with its node, so that what it was sent last may not have come. */
  readonly how: 'left' | 'lost'
  /** How far it was told what happens, or, where it was lost, how far that has been written down; absent if unknown. */
  readonly seen?: Marker
  /** To be told counted as to have read. */
  readonly reads?: true
  /**
   * What it was to be told begins at the read marker, which its coming had moved before its join; else with the join. Said by
   * the store of connections that are in one channel only.
   */
  readonly since?: 'marker'
}

/** One user. A record exists while it holds a connection or an intent. MUST be treated as immutable. */
export interface UserRecord {
  readonly name: string
  /** Grows with each commit, and starts above every version an earlier record of that name had. */
  readonly version: number
  readonly options: UserOptions
  readonly connections: readonly UserConnection[]
  readonly subscriptions: readonly UserSubscription[]
  readonly intents: readonly Intent[]
}

export type UserChange =
  /** `inherit`: the connection is attached to every channel the user is in. */
  | {
      readonly change: 'connect'
      readonly connection: UserConnection
      readonly inherit: boolean
      readonly options?: UserOptions
    }
  /**
   * Removes the connection everywhere. `everywhere`: its channels are left by all connections but those that are in
   * one channel only (global_unsubscriptions).
   */
  | {
      readonly change: 'disconnect'
      readonly connection: string
      readonly everywhere: boolean
      /**
       * Written only if this was the last of the user's connections that are not in one channel only; `channels`, in
       * which the user was by them, is put into its body.
       */
      readonly notice?: Notice
      /** How it leaves its channels, as far as known; one that is not among them is `lost`. */
      readonly departures?: readonly (readonly [channel: string, departure: Departure])[]
    }
  | { readonly change: 'options'; readonly options: UserOptions }
  /** Attaches one connection, or all the user has that are not in one channel only. */
  | {
      readonly change: 'subscribe'
      readonly channel: string
      readonly connection: string | 'all'
      readonly max: number
      /** The user must be in already by such a connection, else `conflict`: the app was not asked about a join. */
      readonly onlyIfIn?: true
    }
  /**
   * All connections leave the channel; with `generation` only if they are in by that join. `spares`: those that are in
   * this channel only stay.
   */
  | {
      readonly change: 'unsubscribe'
      readonly channel: string
      readonly generation?: number
      readonly spares?: true
    }
  /** The channel's commit has carried the intent out. Ignored if a newer intent stands. */
  | {
      readonly change: 'confirm'
      readonly channel: string
      readonly generation: number
      readonly joined?: number
    }

export interface UserCommit {
  /** The record must hold this connection, else `conflict`. */
  readonly holds?: string
  readonly changes: readonly UserChange[]
  readonly now: number
}

export type UserCommitResult =
  | {
      readonly outcome: 'committed'
      readonly record: UserRecord
      /** The version of the record before, 0 where there was none. */
      readonly previous: number
      /** The user had no connection before, resp. has none now. */
      readonly first: boolean
      readonly last: boolean
      /** Channels joined and left by this commit: the intents it wrote. */
      readonly intents: readonly Intent[]
      /** As they were written. */
      readonly notices: readonly Notice[]
    }
  | { readonly outcome: 'conflict' }

export interface UserListQuery {
  readonly after?: string
  readonly limit: number
  /** Only users with a connection on this node, with this connection, or with an intent older than this time. */
  readonly node?: string
  readonly connection?: string
  readonly intentsBefore?: number
}
