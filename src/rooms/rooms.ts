import type { Arrive } from '../core/acceptor.ts'
import type { Entry, Position } from '../core/entry.ts'
import type { Marker, Profile, ProfileAnswer } from '../core/ports.ts'
import type { Published } from '../core/published.ts'
import type { RoomLayer, RoomPage } from '../core/room-layer.ts'

/** Somebody let into a room, before the link is there: the link gets every message after `position`. */
export interface Entrance {
  readonly room: string
  readonly profile: Profile
  readonly token: string
  readonly position: Position
  readonly readTo: Marker
}

/** A message that is not sent over a link of the room. */
export interface Injection {
  /** Undefined: the app itself, as the system. */
  readonly author: Profile | undefined
  readonly type: string
  /** JSON text of an object: what Hookbox clients see as the payload. */
  readonly content: string
}

/** The kept messages of a room, oldest first, split where the user last left it. */
export interface OldMessages {
  readonly read: readonly Entry[]
  readonly unread: readonly Entry[]
}

/** The newest messages of one room, oldest first; none for whoever is no member. */
export interface RecentMessages {
  readonly room: string
  readonly unread: number
  readonly messages: readonly Entry[]
}

/** One member as the app sees it. */
export interface MemberView {
  readonly user: string
  /** Unix milliseconds. */
  readonly joinedAt: number
  /** Offset up to which it has read. */
  readonly read: number
  readonly unread: number
}

/** On whose behalf members are added: the app's, a user's, or (`--talk-open-membership`) whoever calls. */
export type RoomActor =
  | { readonly kind: 'app' }
  | { readonly kind: 'user'; readonly user: string }
  | { readonly kind: 'anybody' }

/**
 * Rooms: channels with durable members and read markers (spec/hipochat.md). Whoever calls has authenticated the user;
 * who may do what in a room is decided here. All throw Refusals: `not_room` for a channel that is none, `not_member`
 * for a closed room and for who was removed, `room_forbidden` for a free name that talk may not take.
 */
export interface Rooms {
  /** What the core calls. */
  readonly layer: RoomLayer
  /** The user behind a token. */
  authenticate(token: string): Promise<ProfileAnswer>
  /** Makes the room if its name is free, and the user a member that has read everything (spec §2). */
  enter(wish: { room: string; profile: Profile; token: string }): Promise<Entrance>
  /** Makes a link, once it is open, the one of an entrance. */
  arrive(entrance: Entrance): Arrive
  /** What was said, split where the user last left; counts as read, and as leaving (spec §3). */
  old(room: string, user: string): Promise<OldMessages>
  /** Stores a message and tells the room; a free name becomes an open room. */
  inject(room: string, injection: Injection): Promise<Published>
  /** Unread messages, of one type if given. 0 for whoever is no member of an open room. */
  unread(room: string, query: { user: string; type?: string }): Promise<number>
  recent(room: string, query: { user: string; limit: number }): Promise<RecentMessages>
  /**
   * Finds or makes a room for the caller and these members. Without a name the same set of members has the same room.
   * A room that others made admits the caller as `enter` does.
   */
  find(wish: {
    caller: string
    members: readonly string[]
    room?: string
  }): Promise<{ room: string; made: boolean }>
  /** Makes a room for the app. Throws Refusal `channel_exists`, `invalid_option`. */
  create(wish: {
    room: string
    members: readonly string[]
    closed: boolean
    options: Readonly<Record<string, unknown>>
  }): Promise<void>
  /**
   * Adds members, making the room if its name is free. Only the app makes a channel that is there a room; a user must
   * be a member of a room that is there.
   */
  add(room: string, wish: { users: readonly string[]; by: RoomActor }): Promise<void>
  /** Removes members and ends their places in the room. */
  remove(room: string, wish: { users: readonly string[] }): Promise<void>
  members(
    room: string,
    page: { after?: string; limit: number },
  ): Promise<{ members: readonly MemberView[]; next?: string }>
  /** A user's rooms. */
  list(user: string, page: { after?: string; limit: number }): Promise<RoomPage>
  /** Writes down what open links have read, and ends what runs by itself. Before the links are ended. */
  stop(): Promise<void>
}
