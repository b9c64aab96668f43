import type { Client } from '../client.ts'
import type { AnyOffhook } from '../offhook.ts'
import { RoomList } from './room-list.ts'
import type { Rooms } from './rooms.ts'

export type { Room, RoomEvents, RoomSummary, Rooms, RoomsEvents, UnreadChange } from './rooms.ts'

const listOfClient = new WeakMap<AnyOffhook, RoomList>()

/** The rooms of a client that `connect` made: always the same object for the same client. */
export function roomsOf(client: AnyOffhook): Rooms {
  const known = listOfClient.get(client)
  if (known !== undefined) return known
  const list = new RoomList(client as unknown as Client)
  listOfClient.set(client, list)
  return list
}
