import type { Command } from './command.ts'
import type { Connection } from './connection.ts'
import type { Core } from './core.ts'
import { Refusal } from './errors.ts'
import { message } from './operations/message.ts'
import { type Publisher, publish } from './operations/publish.ts'
import { readHistory, readPresence } from './operations/read-channel.ts'
import { subscribe } from './operations/subscribe.ts'
import { unsubscribe } from './operations/unsubscribe.ts'
import type { Done } from './protocol.ts'
import type { RoomLayer } from './room-layer.ts'
import { snapshotsTaken } from './snapshot-pace.ts'

/** What a connected browser asks for. */
export type Asked = Exclude<Command, { op: 'connect' }>

/** What is done in order: what concerns one channel, what goes to one recipient; the rest needs none. */
export function laneOf(command: Asked): string {
  if (command.op === 'message') return `to:${command.recipient}`
  return 'channel' in command ? `in:${command.channel}` : 'link'
}

/** A server without rooms does not know their frames. */
function roomsOf(core: Core): RoomLayer {
  if (core.rooms === undefined) throw new Refusal('unknown_frame')
  return core.rooms
}

function publisherOf(
  { connection, user }: { readonly connection: Connection; readonly user: string },
  { channel, type }: { readonly channel: string; readonly type?: string },
): Publisher {
  const { speaker } = connection
  if (speaker === undefined || type === undefined) return { kind: 'connection', connection, user }
  const room = connection.channels.get(channel)?.channel
  // What a link has still to say when its room has ended is not for the next room of that name.
  if (room === undefined) throw new Refusal('channel_changed')
  return { kind: 'talk', user, ...speaker, type, room }
}

/** Ends each of a browser's commands in its operation. Throws Refusal. */
export async function carryOut(
  core: Core,
  actor: { readonly connection: Connection; readonly user: string },
  command: Asked,
): Promise<Done> {
  const { connection, user } = actor
  switch (command.op) {
    case 'subscribe': {
      await snapshotsTaken(core, connection)
      await subscribe(core, { ...command, user, hook: 'ask', connection })
      const head = connection.channels.get(command.channel)?.channel.head
      return head === undefined
        ? { op: 'subscribe' }
        : { op: 'subscribe', position: { epoch: head.epoch, offset: head.offset } }
    }
    case 'unsubscribe':
      await unsubscribe(core, { channel: command.channel, user, hook: 'ask', connection })
      return { op: 'unsubscribe' }
    case 'publish': {
      const published = await publish(core, publisherOf(actor, command), command)
      return { op: 'publish', published }
    }
    case 'message':
      await message(core, { ...command, sender: user, hook: 'rule', connection })
      return { op: 'message' }
    case 'history':
      await snapshotsTaken(core, connection)
      return { op: 'history', ...(await readHistory(core, connection, command)) }
    case 'presence':
      await snapshotsTaken(core, connection)
      return { op: 'presence', names: readPresence(connection, command.channel) }
    case 'read':
      return { op: 'read', reading: await roomsOf(core).read(user, command) }
    case 'rooms':
      await snapshotsTaken(core, connection)
      return { op: 'rooms', page: await roomsOf(core).list(user, command) }
    case 'typing':
      await roomsOf(core).typing(connection, command.channel)
      return { op: 'typing' }
    case 'disconnect':
      connection.isLeaving = true
      core.clock.endOfTurn(() => connection.close(new Refusal('goodbye')))
      return { op: 'disconnect' }
    case 'ping':
    case 'pong':
      return { op: command.op }
    default:
      return command satisfies never
  }
}
