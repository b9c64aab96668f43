import { draftChannel, parseChannelOptions, roomOptions } from '../core/channel-options.ts'
import { Refusal } from '../core/errors.ts'
import type { LocalChannel } from '../core/local-channel.ts'
import type { ChannelChange } from '../core/ports.ts'
import { settled } from './commit-room.ts'
import { matchesGlob } from './glob.ts'
import type { RoomContext } from './room-context.ts'

/** A room about to be made. */
export interface RoomDraft {
  readonly closed: boolean
  readonly members: readonly string[]
  /** JSON text of the sorted names of the users whom it is made for; `find` knows it by it. */
  readonly madeFor?: string
  /** The user on whose behalf it is made: its rooms are counted. */
  readonly createdBy?: string
  /** Channel options that the app gave. */
  readonly options?: Readonly<Record<string, unknown>>
}

/** Makes a room under a free name, members and all, in one commit. False if the name is taken by now. Throws Refusal. */
export async function makeRoom(
  rooms: RoomContext,
  name: string,
  draft: RoomDraft,
): Promise<boolean> {
  const { core, settings } = rooms
  const { maxChannels, maxChannelsPerUser } = core.settings
  const given = { history_size: settings.talkHistorySize, ...draft.options }
  const patch = parseChannelOptions(given, core.settings)
  await core.pollers.check(name, patch)
  const channel = draftChannel(core, { ...patch, options: roomOptions(patch.options) })
  const { closed, madeFor, createdBy } = draft
  const now = core.clock.now()
  const result = await core.stores.channels.commit(name, {
    expect: { absent: true },
    changes: [
      {
        change: 'create',
        epoch: core.random.hex(8),
        ...channel,
        room: { closed, ...(madeFor === undefined ? {} : { madeFor }) },
        ...(createdBy === undefined ? {} : { createdBy }),
        limits: { channels: maxChannels, perCreator: maxChannelsPerUser },
      },
      ...addition(rooms, draft.members),
    ],
    now,
  })
  if (result.outcome !== 'committed') return false
  core.hub.committed(result.committed)
  core.channelConfigured(name, channel.options)
  return true
}

/** Users becoming members, as changes of a room. */
export function addition({ core }: RoomContext, users: readonly string[]): ChannelChange[] {
  const at = core.clock.now()
  const max = core.settings.maxRoomMembers
  return users.map((user) => ({ change: 'member', act: 'add', user, at, max }))
}

/**
 * The room of that name, as talk may reach it: a free name becomes an open room where `--talk-rooms` lets it. Throws
 * Refusal `not_room`, `room_forbidden`.
 */
export async function ensureRoom(
  rooms: RoomContext,
  name: string,
  createdBy?: string,
): Promise<LocalChannel> {
  return settled(async () => {
    const room = await findRoom(rooms, name)
    if (room !== undefined) return room
    refuseForbidden(rooms, name)
    const by = createdBy === undefined ? {} : { createdBy }
    // Whoever makes a room is in it.
    const members = createdBy === undefined ? [] : [createdBy]
    await makeRoom(rooms, name, { closed: false, members, ...by })
    return findRoom(rooms, name)
  })
}

/** The room of that name, undefined where the name is free. Throws Refusal `not_room` for any other channel. */
export async function findRoom(
  { core }: RoomContext,
  name: string,
): Promise<LocalChannel | undefined> {
  const channel = await core.hub.channel(name)
  if (channel === undefined || channel.room !== undefined) return channel
  // It may have become one where this node did not hear of it.
  await channel.heal()
  const present = channel.gone ? await core.hub.channel(name) : channel
  if (present !== undefined && present.room === undefined) throw new Refusal('not_room')
  return present
}

/** Throws Refusal `room_forbidden` for a name that talk may not make a room. */
export function refuseForbidden({ settings }: RoomContext, name: string): void {
  if (settings.talkRooms.some((glob) => matchesGlob(glob, name))) return
  throw new Refusal('room_forbidden')
}
