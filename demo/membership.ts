import type { Offhook } from './offhook.ts'
import { channelOf, publicRooms } from './rooms.ts'

/**
 * Makes a user a member of the public rooms and of `more`, and makes the rooms that are missing. Asks before it acts, so it
 * may be called at each login and each load of a page, whatever became of Offhook's data or of this app meanwhile.
 * Throws an Error if Offhook does not do it.
 */
export async function joinRooms(
  offhook: Offhook,
  user: string,
  more: readonly string[] = [],
): Promise<void> {
  const { rooms } = await offhook.call('room_unread', { user, limit: '1000' })
  const joined = new Set(Array.isArray(rooms) ? rooms.map(nameOf) : [])
  const wanted = new Set([...publicRooms, ...more])
  const missing = [...wanted].filter((room) => !joined.has(channelOf(room)))
  await Promise.all(missing.map((room) => joinRoom(offhook, user, room)))
}

function nameOf(room: unknown): unknown {
  return typeof room === 'object' && room !== null && 'channel_name' in room && room.channel_name
}

/** Most often the room is there already, made by whoever came first. */
async function joinRoom(offhook: Offhook, user: string, room: string): Promise<void> {
  const channel = channelOf(room)
  const users = JSON.stringify([user])
  const draft = { channel_name: channel, members: users, ...optionsOf(room) }
  const made = await offhook.call('room_create', draft).catch(() => undefined)
  if (made === undefined) await offhook.call('room_add', { channel_name: channel, users })
}

function optionsOf(room: string): Record<string, string> {
  return {
    history_size: '200',
    presenceful: 'true',
    state: JSON.stringify({ topic: `Welcome to ${room}` }),
  }
}
