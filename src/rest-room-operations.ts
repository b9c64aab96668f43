import type { Core } from './core/core.ts'
import { Refusal } from './core/errors.ts'
import type { RoomPage } from './core/room-layer.ts'
import type { RestOperations, RestRoom, RestUnread } from './http/rest/operations.ts'
import type { Rooms } from './rooms/rooms.ts'

type RoomOperations = Pick<
  RestOperations,
  'roomCreate' | 'roomMembers' | 'roomAdd' | 'roomRemove' | 'roomUnread' | 'roomsUnread'
>

/** What REST can have done with rooms, on behalf of the app. */
export function createRoomOperations(core: Core, given: Rooms | undefined): RoomOperations {
  const rooms = (): Rooms => {
    if (given === undefined) throw new Refusal('method_missing')
    return given
  }
  return {
    roomCreate: async ({ channel: room, ...wish }) => rooms().create({ room, ...wish }),
    roomMembers: async ({ channel, ...page }) => rooms().members(channel, page),
    roomAdd: async ({ channel, users }) => rooms().add(channel, { users, by: { kind: 'app' } }),
    roomRemove: async ({ channel, users }) => rooms().remove(channel, { users }),
    roomUnread: async (query) => unreadIn(core, rooms(), query),
    roomsUnread: async ({ user, ...page }) => describe(await rooms().list(user, page)),
  }
}

async function unreadIn(
  core: Core,
  rooms: Rooms,
  { user, channel }: { user: string; channel: string },
): Promise<RestUnread> {
  const { members } = await core.stores.channels.members(channel, { users: [user], limit: 1 })
  const [member] = members
  if (member === undefined) throw new Refusal('not_member')
  const unread = await rooms.unread(channel, { user })
  return { channel_name: channel, unread, read_offset: member.marker.offset }
}

function describe({ rooms, next }: RoomPage): { rooms: RestRoom[]; next?: string } {
  return {
    rooms: rooms.map(({ channel, position, read, unread, closed, members }) => ({
      channel_name: channel,
      unread,
      read_offset: read,
      epoch: position.epoch,
      offset: position.offset,
      members,
      closed,
    })),
    ...(next === undefined ? {} : { next }),
  }
}
