import type { Arrive } from '../core/acceptor.ts'
import type { Connection } from '../core/connection.ts'
import { Refusal } from '../core/errors.ts'
import type { LocalChannel } from '../core/local-channel.ts'
import { becomeUser } from '../core/operations/become-user.ts'
import { carryOutJoin } from '../core/operations/join.ts'
import type { Profile, UserRecord } from '../core/ports.ts'
import { admission, commitRoom, everything, settled } from './commit-room.ts'
import { addition, ensureRoom } from './make-room.ts'
import type { OpenLinks } from './open-links.ts'
import { memberOf } from './read-members.ts'
import type { RoomContext } from './room-context.ts'
import type { Entrance } from './rooms.ts'

const maxTries = 5

/**
 * Lets a user into a room before its link is open: makes the room if its name is free, and the user a member that has
 * read everything (spec/hipochat.md §2). Throws Refusal.
 */
export async function enter(
  rooms: RoomContext,
  wish: { readonly room: string; readonly profile: Profile; readonly token: string },
): Promise<Entrance> {
  const { profile } = wish
  const { user } = profile
  return settled(async () => {
    const room = await ensureRoom(rooms, wish.room, user)
    const { head } = await commitRoom(rooms, room, {
      expect: admission(rooms, room, user),
      changes: [...addition(rooms, [user]), { change: 'marker', user, marker: everything }],
    })
    const { epoch, offset, count } = head
    return { ...wish, position: { epoch, offset }, readTo: { offset, count } }
  })
}

/** Puts an entrance's link into its room: it gets what was said since. */
export function arrive(rooms: RoomContext, entrance: Entrance, links: OpenLinks): Arrive {
  return async (connection) => {
    const { room, profile, position, readTo, token } = entrance
    const { user, name, info } = profile
    connection.speaker = { name, info }
    connection.readTo = readTo
    connection.since = new Map([[room, position]])
    const { committed } = await becomeUser(rooms.core, connection, { name: user, only: room })
    await join(rooms, connection, { entrance, record: committed.record })
    // Who was removed meanwhile is not in the record that the removal looked at.
    await refuseRemoved(rooms, entrance)
    links.add(connection, token)
  }
}

async function join(
  rooms: RoomContext,
  connection: Connection,
  at: { readonly entrance: Entrance; readonly record: UserRecord },
): Promise<void> {
  const { core } = rooms
  const { entrance } = at
  let record: UserRecord = at.record
  for (let tries = 0; tries < maxTries; tries += 1) {
    const room = await sameRoom(rooms, entrance)
    await carryOutJoin(core, record, { channel: room })
    if (connection.channels.has(room.name) || connection.isOver) return
    await refuseRemoved(rooms, entrance)
    record = await subscribeAgain(rooms, connection, entrance)
  }
  throw new Refusal('channel_changed')
}

async function refuseRemoved(rooms: RoomContext, { room, profile }: Entrance): Promise<void> {
  if ((await memberOf(rooms, room, profile.user)) === undefined) throw new Refusal('shut_out')
}

/** The room that the user was let into; not another one of its name. */
async function sameRoom(
  { core }: RoomContext,
  { room, position }: Entrance,
): Promise<LocalChannel> {
  const known = await core.hub.channel(room)
  if (known?.head.epoch !== position.epoch) await known?.heal()
  const present = await core.hub.channel(room)
  if (present?.head.epoch !== position.epoch) throw new Refusal('room_ended')
  return present
}

/**
 * The join was taken back: by a room whose options have changed, or because the record held the user's place in a former
 * room of the name, and this connection had only been added to that.
 */
async function subscribeAgain(
  { core }: RoomContext,
  connection: Connection,
  { room, profile }: Entrance,
): Promise<UserRecord> {
  const result = await core.hub.commitUser(profile.user, {
    holds: connection.id,
    changes: [
      {
        change: 'subscribe',
        channel: room,
        connection: connection.id,
        max: core.settings.maxSubscriptions,
      },
    ],
    now: core.clock.now(),
  })
  if (result.outcome === 'conflict') throw new Refusal('expired')
  return result.record
}
