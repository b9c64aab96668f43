import { patchOptions, roomOptions } from '../core/channel-options.ts'
import { Refusal } from '../core/errors.ts'
import { inTurns } from '../core/in-turns.ts'
import type { LocalChannel } from '../core/local-channel.ts'
import { leave } from '../core/operations/leave.ts'
import type { ChannelChange } from '../core/ports.ts'
import { commitRoom, settled } from './commit-room.ts'
import { addition, findRoom, makeRoom, refuseForbidden } from './make-room.ts'
import type { RoomContext } from './room-context.ts'
import type { RoomActor } from './rooms.ts'

/** Adds members; a free name becomes a room with them (spec/hipochat.md §4). Throws Refusal. */
export async function addMembers(
  rooms: RoomContext,
  name: string,
  wish: { readonly users: readonly string[]; readonly by: RoomActor },
): Promise<void> {
  const { users, by } = wish
  await settled(async () => {
    const channel = await lookUp(rooms, name, by)
    if (channel === undefined) return makeWith(rooms, name, wish)
    if (channel.room === undefined) return becomeRoom(rooms, channel, users)
    const expect = by.kind === 'user' ? { member: by.user } : {}
    return commitRoom(rooms, channel, { expect, changes: addition(rooms, users) })
  })
}

async function makeWith(
  rooms: RoomContext,
  name: string,
  { users, by }: { readonly users: readonly string[]; readonly by: RoomActor },
): Promise<true | undefined> {
  if (by.kind !== 'app') refuseForbidden(rooms, name)
  const createdBy = by.kind === 'user' ? { createdBy: by.user } : {}
  const draft = { closed: rooms.settings.talkClosed, members: users, ...createdBy }
  return (await makeRoom(rooms, name, draft)) || undefined
}

/** The app reaches every channel, others rooms only. */
async function lookUp(
  rooms: RoomContext,
  name: string,
  by: RoomActor,
): Promise<LocalChannel | undefined> {
  return by.kind === 'app' ? rooms.core.hub.channel(name) : findRoom(rooms, name)
}

/** Makes a channel that is there a room. Undefined where it has changed meanwhile. */
async function becomeRoom(
  rooms: RoomContext,
  channel: LocalChannel,
  users: readonly string[],
): Promise<true | undefined> {
  const { core, settings } = rooms
  await channel.heal()
  if (channel.gone || channel.room !== undefined) return undefined
  const { history_size: size } = channel.options
  const options = patchOptions(channel.options, {
    options: roomOptions({ history_size: size === 0 ? settings.talkHistorySize : size }),
  })
  const now = core.clock.now()
  const changes: ChannelChange[] = [
    { change: 'options', options },
    { change: 'room', closed: settings.talkClosed },
    ...addition(rooms, users),
  ]
  const result = await core.stores.channels.commit(channel.name, {
    expect: channel.expectation,
    changes,
    now,
  })
  if (result.outcome !== 'committed') return undefined
  core.hub.committed(result.committed)
  core.channelConfigured(channel.name, options, 'same')
  return true
}

/**
 * Removes members, ends their places in the room on every connection, and the room with its last member (spec/hipochat.md
 * §4). Without effect where there is no such room. Throws Refusal `not_room`.
 */
export async function removeMembers(
  rooms: RoomContext,
  name: string,
  users: readonly string[],
): Promise<void> {
  const { core } = rooms
  const room = await findRoom(rooms, name)
  if (room === undefined) return
  const at = core.clock.now()
  const changes = users.map(
    (user): ChannelChange => ({ change: 'member', act: 'remove', user, at }),
  )
  if (!(await stillThere(commitRoom(rooms, room, { changes })))) return
  await inTurns(users, async (user) => {
    await leave(core, user, { channel: name, whose: 'all', hook: 'skip' })
  })
  await endWithoutMembers(rooms, room)
}

/** A room ends with its last member; one in which Hookbox clients still are, with the last of them. */
export async function endWithoutMembers(rooms: RoomContext, room: LocalChannel): Promise<void> {
  const destroy = { expect: { empty: true }, changes: [{ change: 'destroy' }] } as const
  await stillThere(commitRoom(rooms, room, destroy))
}

/** False where the room has ended by itself, or is not empty. */
async function stillThere(commit: Promise<unknown>): Promise<boolean> {
  try {
    await commit
    return true
  } catch (error) {
    const isOver = error instanceof Refusal && ['room_gone', 'channel_changed'].includes(error.code)
    if (!isOver) throw error
    return false
  }
}
