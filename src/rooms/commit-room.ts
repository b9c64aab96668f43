import { Refusal } from '../core/errors.ts'
import type { LocalChannel } from '../core/local-channel.ts'
import type { ChannelChange, ChannelCommitted, ChannelExpectation } from '../core/ports.ts'
import type { RoomContext } from './room-context.ts'

/**
 * One commit of a room that is there, told to everybody. `admits`, `member`: what the user must be. Throws Refusal
 * `not_room`, `not_member`, `room_gone` (the room is gone, or made anew).
 */
export async function commitRoom(
  { core }: RoomContext,
  room: LocalChannel,
  commit: {
    readonly expect?: Pick<ChannelExpectation, 'admits' | 'member' | 'empty' | 'optionsVersion'>
    readonly changes: readonly ChannelChange[]
  },
): Promise<ChannelCommitted> {
  const result = await core.stores.channels.commit(room.name, {
    expect: { epoch: room.head.epoch, room: true, ...commit.expect },
    changes: commit.changes,
    now: core.clock.now(),
  })
  if (result.outcome === 'committed') {
    const { prev, head } = result.committed
    const isVisible = head.offset !== prev.offset || head.version !== prev.version
    if (isVisible) core.hub.committed(result.committed)
    return result.committed
  }
  if (result.outcome !== 'conflict') throw new Refusal('internal')
  await room.heal()
  switch (result.reason) {
    case 'not_room':
      throw new Refusal('not_room')
    case 'not_member':
    case 'not_admitted':
      throw new Refusal('not_member')
    case 'occupied':
    case 'options':
      throw new Refusal('channel_changed')
    default:
      throw new Refusal('room_gone')
  }
}

/** How often a room may end, or be made by somebody else, between two looks at it. */
const maxTries = 5

/** Tries again where an act finds that its room has just ended, or (`undefined`) that its name is taken. Throws Refusal. */
export async function settled<T>(act: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < maxTries; tries += 1) {
    try {
      const done = await act()
      if (done !== undefined) return done
    } catch (error) {
      if (!(error instanceof Refusal && error.code === 'room_gone')) throw error
    }
  }
  throw new Refusal('channel_changed')
}

/** What a commit on behalf of a user expects: closed rooms admit members only, unless the app has opened them. */
export function admission(
  { settings }: RoomContext,
  room: LocalChannel,
  user: string,
): { admits?: string } {
  return settings.talkOpenMembership && room.room?.closed ? {} : { admits: user }
}

/** Where a marker stands that has everything behind it. */
export const everything = { offset: Number.MAX_SAFE_INTEGER, count: Number.MAX_SAFE_INTEGER }
