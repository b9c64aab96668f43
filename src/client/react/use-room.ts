import { useCallback, useMemo, useSyncExternalStore } from 'react'
import { clientError } from '../offhook-error.ts'
import { type Room, roomsOf } from '../rooms/index.ts'
import { useOffhook } from './provider.ts'
import { type ChannelOptions, type ChannelResult, useChannel } from './use-channel.ts'

/** What a component shows of a room beside its channel. */
export type RoomSnapshot = Pick<Room, 'isMember' | 'unread' | 'readOffset' | 'typingUsers'>

/** What `useRoom` gives: all that `useChannel` gives, the room's counts, and two functions that stay the same. */
export interface RoomResult<Payload = unknown> extends ChannelResult<Payload>, RoomSnapshot {
  /** Moves the read marker: without an offset to the newest entry. */
  readonly read: (offset?: number) => Promise<void>
  /** Tells the others that the user is typing. */
  readonly typing: () => void
}

const emptyRoom: RoomSnapshot = { isMember: false, unread: 0, readOffset: 0, typingUsers: [] }
const snapshotOf = new WeakMap<Room, RoomSnapshot>()

/** Subscribes to a room's channel while the component is there. */
export function useRoom<Payload = unknown>(
  name: string,
  options: ChannelOptions = {},
): RoomResult<Payload> {
  const client = useOffhook()
  const channel = useChannel<Payload>(name, options)
  const room = useMemo(() => client && roomsOf(client).room(name), [client, name])
  const snapshot = useSyncExternalStore(
    useCallback((changed: () => void) => room?.on('change', changed) ?? nothing, [room]),
    () => (room === undefined ? emptyRoom : readSnapshot(room)),
    () => emptyRoom,
  )
  const actions = useMemo(() => actionsOf(room), [room])
  return useMemo(() => ({ ...channel, ...snapshot, ...actions }), [channel, snapshot, actions])
}

/** The same object until something has changed. */
function readSnapshot(room: Room): RoomSnapshot {
  const known = snapshotOf.get(room)
  const { isMember, unread, readOffset, typingUsers } = room
  const isSame =
    known?.isMember === isMember &&
    known.unread === unread &&
    known.readOffset === readOffset &&
    known.typingUsers === typingUsers
  if (isSame) return known
  const snapshot = { isMember, unread, readOffset, typingUsers }
  snapshotOf.set(room, snapshot)
  return snapshot
}

function actionsOf(room: Room | undefined) {
  return {
    read: (offset?: number) => room?.read(offset) ?? Promise.reject(clientError('closed')),
    typing: () => room?.typing(),
  }
}

function nothing(): void {
  // there was nothing to listen to
}
