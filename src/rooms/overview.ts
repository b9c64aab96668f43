import { Refusal } from '../core/errors.ts'
import type { RoomPage, RoomView } from '../core/room-layer.ts'
import { findRoom } from './make-room.ts'
import { memberOf } from './read-members.ts'
import type { RoomContext } from './room-context.ts'
import type { MemberView } from './rooms.ts'
import { listenedTo, unreadOf } from './unread.ts'

/** A page of the rooms of which a user is a member, in the store's own order. */
export async function listRooms(
  rooms: RoomContext,
  user: string,
  query: { readonly after?: string; readonly limit: number },
): Promise<RoomPage> {
  const { core } = rooms
  const { after, limit } = query
  const page = await core.stores.channels.list({
    member: user,
    limit,
    ...(after === undefined ? {} : { after }),
  })
  const listened = await listenedTo(rooms, user, page.names)
  const views = await Promise.all(
    page.names.map(async (name) => {
      const view = await viewRoom(rooms, name, user)
      return view !== undefined && listened.has(name) ? { ...view, unread: 0 } : view
    }),
  )
  return {
    rooms: views.filter((view) => view !== undefined),
    ...(page.next === undefined ? {} : { next: page.next }),
  }
}

/** Undefined where the user is no member any more. */
async function viewRoom(
  rooms: RoomContext,
  name: string,
  user: string,
): Promise<RoomView | undefined> {
  const { channels } = rooms.core.stores
  const member = await memberOf(rooms, name, user)
  const snapshot = await channels.snapshot(name, { limit: 1, now: rooms.core.clock.now() })
  if (member === undefined || snapshot?.room === undefined) return undefined
  const last = snapshot.history.at(-1)
  return {
    channel: name,
    position: { epoch: snapshot.head.epoch, offset: snapshot.head.offset },
    read: member.marker.offset,
    unread: unreadOf(snapshot, member.marker),
    closed: snapshot.room.closed,
    members: snapshot.room.members,
    ...(last === undefined ? {} : { last }),
  }
}

/** A page of members with their counts. Throws Refusal `not_room`; none where there is no such room. */
export async function viewMembers(
  rooms: RoomContext,
  name: string,
  page: { readonly after?: string; readonly limit: number },
): Promise<{ members: readonly MemberView[]; next?: string }> {
  const { core } = rooms
  const room = await findRoom(rooms, name)
  if (room === undefined) throw new Refusal('channel_missing', `Channel ${name} doesn't exist`)
  const snapshot = await core.stores.channels.snapshot(name, { limit: 0, now: core.clock.now() })
  const read = await core.stores.channels.members(name, page)
  const members = read.members.map(({ user, joinedAt, marker }) => ({
    user,
    joinedAt,
    read: marker.offset,
    unread: snapshot === undefined ? 0 : unreadOf(snapshot, marker),
  }))
  return { members, ...(read.next === undefined ? {} : { next: read.next }) }
}
