/** Rooms of the chat: a room `lobby` is the channel `room:lobby`. */

const prefix = 'room:'
const pattern = /^[a-z0-9][a-z0-9-]{0,39}$/

/** The room everybody starts in. */
export const firstRoom = 'lobby'

/** Rooms that everybody is a member of. */
export const publicRooms: readonly string[] = [firstRoom, 'tea', 'garden']

/** Makes a room's name of what somebody typed: `Tea & Cake` → `tea-cake`. Empty input gives the first room. */
export function roomFrom(text: string | null): string {
  const room = (text ?? '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, 40)
    .replace(/-+$/, '')
  return room === '' ? firstRoom : room
}

/** The channel of a room. */
export function channelOf(room: string): string {
  return prefix + room
}

/** The room of a channel, or undefined if the channel is none of this app's. */
export function roomOf(channel: string): string | undefined {
  if (!channel.startsWith(prefix)) return undefined
  const room = channel.slice(prefix.length)
  return pattern.test(room) ? room : undefined
}
