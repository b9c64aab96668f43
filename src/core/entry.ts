/** The place of an entry in a channel. A new epoch says that continuity is not certain (design §1). */
export interface Position {
  readonly epoch: string
  /** Counts every history entry from 1 without holes; 0 = before the first. */
  readonly offset: number
}

/** How far a channel has come. */
export interface Head extends Position {
  /** Grows by one with each change of state, options, presence, room, members or read markers. */
  readonly version: number
  /** Counted entries (publishes, injections) up to `offset`: unread counts are arithmetic on it. */
  readonly count: number
}

/** Who made an entry. */
export interface Author {
  /** `null`: the app without an originator; absent: hidden, the channel was anonymous. */
  readonly user?: string | null
  /** Id of the connection, 32 hex characters. */
  readonly connection?: string
  /** Display name, where the protocol has one (talk). */
  readonly name?: string
  /** Public facts of the author as JSON text (talk: the profile). */
  readonly info?: string
}

/** What `EntryDraft` and `Entry` share. */
interface EntryFields {
  readonly kind: 'publish' | 'join' | 'leave'
  /** The talk protocol's message type. */
  readonly type?: string
  readonly author: Author
  /** Connection that must not be sent this entry (`reflective: false`), fixed when it was published. */
  readonly omit?: string
  /** JSON text (`json`) or base64 text (`binary`); `''` for join and leave. Never parsed on the way out. */
  readonly content: string
  readonly encoding: 'json' | 'binary'
  /** An entry the app itself gave (`history`, `set_history`): JSON text sent in histories as given. */
  readonly given?: string
}

/** An entry before the store has given it its place. */
export interface EntryDraft extends EntryFields {
  /** Unique per channel; a publish without a client's id gets one at the door. */
  readonly id: string
  /** Unix milliseconds. */
  readonly at: number
}

/** One record of a channel's history. */
export interface Entry extends EntryDraft {
  readonly epoch: string
  readonly offset: number
  readonly count: number
}
