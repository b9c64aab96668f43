import type { LocalChannel } from './local-channel.ts'

/** Somebody is typing in a room: the others are told. */
export function tellTyping(room: LocalChannel, user: string): void {
  room.subscribers.send({ event: 'typing', channel: room.name, user }, { user })
}
