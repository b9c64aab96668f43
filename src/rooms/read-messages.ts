import type { Entry } from '../core/entry.ts'
import type { ChannelSnapshot } from '../core/ports.ts'
import { readNewest } from '../core/read-pages.ts'
import { newestWithin } from '../core/within-bytes.ts'
import { admission, commitRoom } from './commit-room.ts'
import { findRoom } from './make-room.ts'
import { memberOf } from './read-members.ts'
import type { RoomContext } from './room-context.ts'
import type { OldMessages, RecentMessages } from './rooms.ts'
import { listenedTo, unreadOf } from './unread.ts'

/**
 * What was said in a room, split where the user last left it; all of it counts as read from now on, and as left behind
 * (spec/hipochat.md §3). Whoever is no member has read everything. Throws Refusal.
 */
export async function readOld(
  rooms: RoomContext,
  name: string,
  user: string,
): Promise<OldMessages> {
  const { core } = rooms
  const room = await findRoom(rooms, name)
  if (room === undefined) return { read: [], unread: [] }
  const member = await memberOf(rooms, name, user)
  const snapshot = await core.stores.channels.snapshot(name, { limit: 0, now: core.clock.now() })
  if (snapshot === undefined) return { read: [], unread: [] }
  const { offset, count } = snapshot.head
  const entries = await messagesOf(rooms, snapshot, room.options.history_size)
  const marker = { offset, count }
  await commitRoom(rooms, room, {
    expect: admission(rooms, room, user),
    changes: [
      { change: 'marker', user, marker },
      { change: 'left', user, marker },
    ],
  })
  const left = member?.left.offset ?? offset
  return {
    read: entries.filter((entry) => entry.offset <= left),
    unread: entries.filter((entry) => entry.offset > left),
  }
}

/** The newest messages of a room; none where the user is no member or there is no such room (spec/hipochat.md §3). */
export async function readRecent(
  rooms: RoomContext,
  name: string,
  query: { readonly user: string; readonly limit: number },
): Promise<RecentMessages> {
  const { core } = rooms
  const { user, limit } = query
  const nothing = { room: name, unread: 0, messages: [] }
  const member = await memberOf(rooms, name, user)
  if (member === undefined) return nothing
  const snapshot = await core.stores.channels.snapshot(name, { limit: 0, now: core.clock.now() })
  if (snapshot === undefined) return nothing
  const listens = (await listenedTo(rooms, user, [name])).has(name)
  return {
    room: name,
    unread: listens ? 0 : unreadOf(snapshot, member.marker),
    messages: await messagesOf(rooms, snapshot, limit),
  }
}

/**
 * The newest messages up to a head. Attack: a thousand large ones in one answer; so the oldest are left out as in
 * snapshots.
 */
async function messagesOf(
  { core }: RoomContext,
  { channel, head }: Pick<ChannelSnapshot, 'channel' | 'head'>,
  limit: number,
): Promise<readonly Entry[]> {
  const { epoch, offset } = head
  const before = offset + 1
  const entries = await readNewest(core, channel, { epoch, before, limit, scope: 'shown' })
  const messages = entries.filter((entry) => entry.kind === 'publish')
  const fitting = newestWithin(messages, core.settings.maxSnapshotBytes)
  if (fitting.length < messages.length) core.telemetry.limit('max-snapshot-bytes')
  return fitting
}
