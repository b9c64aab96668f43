import { Refusal } from '../core/errors.ts'
import { nodeLease } from '../core/leases.ts'
import type { LocalChannel } from '../core/local-channel.ts'
import type { ChannelSnapshot, Marker } from '../core/ports.ts'
import { readOldest } from '../core/read-pages.ts'
import { admission, commitRoom } from './commit-room.ts'
import { findRoom } from './make-room.ts'
import { typeOfMessage } from './message-type.ts'
import { memberOf } from './read-members.ts'
import type { RoomContext } from './room-context.ts'

/**
 * Messages after a marker: arithmetic on counts, whatever the number of members (spec/hipochat.md §7). Only what is still
 * kept is counted.
 */
export function unreadOf(
  { head, shownFrom }: Pick<ChannelSnapshot, 'head' | 'shownFrom'>,
  marker: Marker,
): number {
  return Math.max(0, head.count - Math.max(marker.count, shownFrom.count))
}

/** The rooms among these in which a user has an open link of the room itself, on whatever node: they are all read. */
export async function listenedTo(
  { core }: RoomContext,
  user: string,
  names: readonly string[],
): Promise<ReadonlySet<string>> {
  const record = await core.stores.users.snapshot(user)
  const links = record?.connections.filter(({ only }) => only !== undefined && names.includes(only))
  const listened = new Set<string>()
  for (const { only, node, id } of links ?? []) {
    // The links of a dead node are in the record until it expires.
    const isOpen =
      node === core.nodeId
        ? core.hub.connections.has(id)
        : (await core.stores.leases.holder(nodeLease(node))) !== undefined
    if (isOpen && only !== undefined) listened.add(only)
  }
  return listened
}

/** Throws Refusal `not_member` for whoever a room does not admit. Changes nothing. */
async function refuseOutsider(rooms: RoomContext, room: LocalChannel, user: string): Promise<void> {
  await commitRoom(rooms, room, { expect: admission(rooms, room, user), changes: [] })
}

/** A user's unread messages in a room, of one type if given; 0 for whoever is no member. Throws Refusal. */
export async function unreadIn(
  rooms: RoomContext,
  name: string,
  query: { readonly user: string; readonly type?: string },
): Promise<number> {
  const { user, type } = query
  const { core } = rooms
  const room = await findRoom(rooms, name)
  if (room === undefined) return 0
  await refuseOutsider(rooms, room, user)
  const member = await memberOf(rooms, name, user)
  if (member === undefined || (await listenedTo(rooms, user, [name])).has(name)) return 0
  const snapshot = await core.stores.channels.snapshot(name, { limit: 0, now: core.clock.now() })
  if (snapshot === undefined) return 0
  const unread = unreadOf(snapshot, member.marker)
  if (type === undefined || unread === 0) return unread
  return countOfType(rooms, room, { after: member.marker.offset, type })
}

const pageSize = 1000

/** A scan of what is kept after the marker. */
async function countOfType(
  { core, settings }: RoomContext,
  room: LocalChannel,
  { after, type }: { readonly after: number; readonly type: string },
): Promise<number> {
  let count = 0
  let from = after
  for (;;) {
    const page = await readOldest(core, room.name, {
      epoch: room.head.epoch,
      after: from,
      limit: pageSize,
      scope: 'shown',
    })
    for (const entry of page) {
      if (entry.kind === 'publish' && typeOfMessage(entry, settings.talkRegularType) === type)
        count += 1
    }
    const last = page.at(-1)
    if (last === undefined) return count
    from = last.offset
  }
}

/** Moves a user's read marker to an offset. Throws Refusal `not_member`, the same whether or not there is a room. */
export async function readTo(
  rooms: RoomContext,
  user: string,
  { channel: name, offset }: { readonly channel: string; readonly offset: number },
): Promise<{ offset: number; unread: number }> {
  const { core } = rooms
  const room = await core.hub.channel(name)
  if (room?.room === undefined) throw new Refusal('not_member')
  const [entry] = await core.stores.channels.history(name, {
    epoch: room.head.epoch,
    before: offset === Number.MAX_SAFE_INTEGER ? offset : offset + 1,
    limit: 1,
    scope: 'recovery',
    now: core.clock.now(),
  })
  // Of a count that is not kept any more the store knows the bounds.
  const marker = { offset, count: entry?.count ?? 0 }
  await commitRoom(rooms, room, {
    expect: { member: user },
    changes: [{ change: 'marker', user, marker }],
  }).catch((error: unknown) => {
    // One that has just ended is as none.
    throw error instanceof Refusal && error.code === 'room_gone' ? new Refusal('not_member') : error
  })
  const member = await memberOf(rooms, name, user)
  const snapshot = await core.stores.channels.snapshot(name, { limit: 0, now: core.clock.now() })
  if (member === undefined || snapshot === undefined) throw new Refusal('not_member')
  return { offset: member.marker.offset, unread: unreadOf(snapshot, member.marker) }
}
