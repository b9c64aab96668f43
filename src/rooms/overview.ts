import { Refusal } from '../core/errors.ts'
import type { RoomPage, RoomView } from '../core/room-layer.ts'
import { entrySize } from '../core/within-bytes.ts'
import { findRoom } from './make-room.ts'
import { memberOf } from './read-members.ts'
import type { RoomContext } from './room-context.ts'
import type { MemberView } from './rooms.ts'
import { listenedTo, unreadOf } from './unread.ts'

/** Rooms looked at together. */
const together = 32

/**
 * A page of the rooms of which a user is a member, in the store's own order. Attack: a thousand rooms whose last message
 * is a large one; so a page ends early where it would hold more than a snapshot may.
 */
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
  const views: RoomView[] = []
  let bytes = 0
  for await (const view of viewRooms(rooms, page.names, user)) {
    const last = views.at(-1)?.channel
    bytes += entrySize(view.last)
    if (bytes > core.settings.maxSnapshotBytes && last !== undefined) {
      core.telemetry.limit('max-snapshot-bytes')
      return { rooms: views, next: last }
    }
    views.push(listened.has(view.channel) ? { ...view, unread: 0 } : view)
  }
  return { rooms: views, ...(page.next === undefined ? {} : { next: page.next }) }
}

async function* viewRooms(
  rooms: RoomContext,
  names: readonly string[],
  user: string,
): AsyncGenerator<RoomView, void> {
  for (let start = 0; start < names.length; start += together) {
    const some = names.slice(start, start + together)
    const views = await Promise.all(some.map((name) => viewRoom(rooms, name, user)))
    for (const view of views) if (view !== undefined) yield view
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
