import type { Entry, Position } from '../entry.ts'

/** Rooms as pages see them: what `roomsOf` gives. */
export interface Rooms {
  /** All rooms of this user, asked now. Offline it waits. Rejects with OffhookError. */
  list(): Promise<readonly RoomSummary[]>
  /** What is known of them now, kept up to date; the same list until something changes. */
  readonly current: readonly RoomSummary[]
  /** Whether `current` is all of them. */
  readonly isLoaded: boolean
  /** The room of that name: always the same object. Nothing is sent by it alone. */
  room(name: string): Room
  on<Name extends keyof RoomsEvents>(
    name: Name,
    listener: (event: RoomsEvents[Name]) => void,
  ): () => void
}

/** One of the user's rooms. */
export interface RoomSummary<Payload = unknown> {
  readonly name: string
  /** Messages after the user's read marker that are still kept. */
  readonly unread: number
  /** Where the marker stands: the offset up to which the user has read. */
  readonly readOffset: number
  /** Of the newest entry. */
  readonly position: Position
  readonly members: number
  /** Only its members may enter it. */
  readonly closed: boolean
  /** Missing where none is kept. */
  readonly last?: Entry<Payload> | undefined
}

/** What one may listen to on all rooms. */
export interface RoomsEvents {
  unread: UnreadChange
  /** `current` is another list now. */
  change: undefined
}

/** A room's count, or its marker, is another one now. */
export interface UnreadChange {
  /** Its name. */
  readonly room: string
  readonly unread: number
  readonly readOffset: number
}

/** What a channel has besides where it is a room. Entries come, and messages go, through the channel of that name. */
export interface Room {
  readonly name: string
  /** Whether the server has said that this user is a member: until then all counts are 0. */
  readonly isMember: boolean
  readonly unread: number
  readonly readOffset: number
  /** Others who are typing now, where this page is subscribed. */
  readonly typingUsers: readonly string[]
  on<Name extends keyof RoomEvents>(
    name: Name,
    listener: (event: RoomEvents[Name]) => void,
  ): () => void
  /**
   * Moves the user's read marker forward, for all its tabs; without an offset to the newest entry seen. Offline the
   * highest offset is kept and sent once. Rejects with OffhookError.
   */
  read(offset?: number): Promise<void>
  /** Tells the others that the user is typing, at most every 3 s; forgotten where this page is not subscribed. */
  typing(): void
}

/** What one may listen to on a room. */
export interface RoomEvents {
  unread: UnreadChange
  /** Names of those who are typing now. */
  typing: readonly string[]
  /** Any of the above, or the room's summary. */
  change: undefined
}
