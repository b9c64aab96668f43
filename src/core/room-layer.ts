import type { Connection } from './connection.ts'
import type { Entry, EntryDraft, Position } from './entry.ts'
import type { LocalChannel } from './local-channel.ts'
import type { ChannelChange, Departure, Intent, UserRecord } from './ports.ts'

/** One of a user's rooms, as its member sees it. */
export interface RoomView {
  readonly channel: string
  /** The room's head. */
  readonly position: Position
  /** Offset up to which the member has read. */
  readonly read: number
  readonly unread: number
  readonly closed: boolean
  readonly members: number
  /** Absent where none is kept. */
  readonly last?: Entry
}

/** A page of rooms; `next` absent: the end. */
export interface RoomPage {
  readonly rooms: readonly RoomView[]
  readonly next?: string
}

/** Where a member stands after a READ. */
export interface RoomReading {
  readonly offset: number
  readonly unread: number
}

/** What src/rooms adds to the core: in the core's own commits, and as operations of its own (design §2). */
export interface RoomLayer {
  /** What else goes into the commit that appends this entry to a room; nothing for other channels. */
  withEntry(
    channel: LocalChannel,
    draft: EntryDraft,
    author: string | null,
  ): readonly ChannelChange[]
  /** What else goes into the commit by which a user leaves a room; nothing for other channels. */
  withLeave(channel: LocalChannel, user: string, intent: Intent): readonly ChannelChange[]
  /** A connection has ended of a user who is still in the room by another one. */
  departed(
    record: UserRecord,
    end: { readonly channel: string; readonly departure: Departure },
  ): Promise<void>
  /** The last connection in a room has left, by a way that has nothing to do with hooks. */
  emptied(room: LocalChannel): Promise<void>
  /** A commit with such changes is durable: what it has put into the outbox may be sent. */
  written(): void
  /** Moves the user's read marker. Throws Refusal `not_member`, `invalid_offset`. */
  read(user: string, command: { channel: string; offset: number }): Promise<RoomReading>
  /** The rooms of which the user is a member. */
  list(user: string, query: { after?: string; limit: number }): Promise<RoomPage>
  /** Tells the others in the room that a member is typing. Throws Refusal `not_subscribed`, `not_member`. */
  typing(connection: Connection, channel: string): Promise<void>
}
