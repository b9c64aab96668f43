/** How far somebody has read. Unread = the head's `count` less the marker's (spec/hipochat.md §7). */
export interface Marker {
  readonly offset: number
  /** Counted entries up to `offset`. */
  readonly count: number
}

/** A durable member of a room. MUST be treated as immutable. */
export interface Member {
  readonly user: string
  /** Unix milliseconds. */
  readonly joinedAt: number
  readonly marker: Marker
  /** Where the member last left the room: the split of `/talk/old` (spec/hipochat.md §3). */
  readonly left: Marker
  /** The head when the member last went out of the room: what came before it came while the member was in, or before that. */
  readonly away: Marker
}

/** Members by name (those that are none are left out), or a page of them in the store's own order. */
export interface MemberQuery {
  /** All of these, however many; `after` and `limit` do not count then. */
  readonly users?: readonly string[]
  /** Users after this one. */
  readonly after?: string
  readonly limit: number
}

/** A page of members. `next` absent: the end. */
export interface MemberPage {
  readonly members: readonly Member[]
  readonly next?: string
}
