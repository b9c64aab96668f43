import type { EntryDraft } from '../core/entry.ts'
import type { LocalChannel } from '../core/local-channel.ts'
import type { ChannelChange, Departure, Intent, Notice, UserRecord } from '../core/ports.ts'
import { commitRoom, everything } from './commit-room.ts'
import { typeOfMessage } from './message-type.ts'
import type { MessageNotice, MissedNotice, PushedMessage } from './push-notice.ts'
import type { RoomContext } from './room-context.ts'

/** What goes into a message's commit: its author has read the room up to it, and whoever is away is to be told (G4). */
export function withEntry(
  rooms: RoomContext,
  channel: LocalChannel,
  { draft, author }: { readonly draft: EntryDraft; readonly author: string | null },
): readonly ChannelChange[] {
  if (channel.room === undefined) return []
  const changes: ChannelChange[] = []
  if (author !== null) changes.push({ change: 'marker', user: author, marker: everything })
  if (!isNotifiable(rooms, draft)) return changes
  const body: Omit<MessageNotice, 'offset' | 'count'> = {
    v: 1,
    tells: 'message',
    room: channel.name,
    epoch: channel.head.epoch,
    message: pushedMessage(rooms, draft, author),
  }
  const delayMs = rooms.settings.talkPushDelayMs
  changes.push({ change: 'notice', notice: pushNotice(rooms, body, delayMs), tells: 'head' })
  return changes
}

/**
 * What goes into the commit by which a user leaves a room with its last connection there: how far it had read, where it
 * left, and what it may have missed since (spec/hipochat.md §2, §3, §5).
 */
export function withLeave(
  rooms: RoomContext,
  channel: LocalChannel,
  { user, intent }: { readonly user: string; readonly intent: Intent },
): readonly ChannelChange[] {
  const { departure } = intent
  if (channel.room === undefined || departure === undefined) return []
  const changes = markersOf(user, departure)
  if (rooms.settings.talkPushUrl === '') return changes
  // A leave may be repeated, or be one of somebody who never came in: those who are away are told already.
  const onlyAs = { leaves: user }
  changes.push({ change: 'away', user, marker: everything, onlyAs })
  const { how, seen, since } = departure
  const body: Omit<MissedNotice, 'offset' | 'count'> = {
    v: 1,
    tells: 'missed',
    room: channel.name,
    epoch: channel.head.epoch,
    user,
    from: how === 'left' ? (seen?.offset ?? 0) : 0,
  }
  const notice = pushNotice(rooms, body, 0)
  changes.push({ change: 'notice', notice, tells: since === 'marker' ? 'head' : 'stay', onlyAs })
  return changes
}

/** Of a link that was not the user's last connection in the room. Where others of its kind stay, it was not a leave. */
export async function departed(
  rooms: RoomContext,
  record: UserRecord,
  { channel, departure }: { readonly channel: string; readonly departure: Departure },
): Promise<void> {
  if (departure.reads !== true) return
  const room = await rooms.core.hub.channel(channel)
  if (room?.room === undefined) return
  const stays = record.connections.some((connection) => connection.only === channel)
  const changes = markersOf(record.name, departure).filter(({ change }) =>
    stays ? change === 'marker' : true,
  )
  if (changes.length > 0) await commitRoom(rooms, room, { changes })
}

function markersOf(user: string, { how, seen, reads }: Departure): ChannelChange[] {
  if (seen === undefined) return []
  const left: ChannelChange = { change: 'left', user, marker: seen }
  return how === 'left' && reads ? [{ change: 'marker', user, marker: seen }, left] : [left]
}

/** Whether members who are away are told of such a message. */
export function isNotifiable({ settings }: RoomContext, draft: EntryDraft): boolean {
  if (settings.talkPushUrl === '') return false
  const types = settings.talkNotifiableTypes
  return types.length === 0 || types.includes(typeOfMessage(draft, settings.talkRegularType))
}

/** A message as pushes tell of it; Hookbox authors are known by their names alone. */
export function pushedMessage(
  { settings }: RoomContext,
  draft: EntryDraft,
  user: string | null,
): PushedMessage {
  const { user: shown, info } = draft.author
  const author = info ?? (typeof shown === 'string' ? JSON.stringify({ name: shown }) : 'null')
  return {
    id: draft.id,
    at: draft.at,
    type: typeOfMessage(draft, settings.talkRegularType),
    user,
    author,
    content: draft.content,
  }
}

function pushNotice({ core }: RoomContext, body: object, delayMs: number): Notice {
  return {
    id: `msg_${core.random.hex(16)}`,
    kind: 'push',
    due: core.clock.now() + delayMs,
    body: JSON.stringify(body),
    tries: 0,
  }
}
