import { Refusal } from '../../core/errors.ts'
import { isMessageType } from '../../rooms/message-type.ts'
import type { Fields } from '../rest/fields.ts'
import { done } from './answer.ts'
import { loggedIn, type TalkAnswer, type TalkCall } from './call.ts'
import { MessageSpace } from './messages.ts'

const maxMessages = 1000

/** `GET /talk/old/ROOM/`: what was said, split where the user last left. */
export async function old(call: TalkCall): Promise<TalkAnswer> {
  const { user } = await loggedIn(call)
  const { read, unread } = await call.parts.rooms.old(call.room, user)
  const space = new MessageSpace(call)
  const newer = space.take(call.room, unread)
  const older = space.take(call.room, read)
  return done(
    `{"oldy":${list([...older, ...newer])},"results":{"read_messages":${list(older)},"unread_messages":${list(newer)}}}`,
  )
}

/** `GET /talk/notification/ROOM/?type=TYPE`: how many messages are unread. */
export async function notification(call: TalkCall): Promise<TalkAnswer> {
  const { user } = await loggedIn(call)
  const type = typeOf(call.query)
  const query = type === undefined ? { user } : { user, type }
  const count = await call.parts.rooms.unread(call.room, query)
  if (call.style.compat === 'seed') return done(`{"notification":${count}}`)
  // Release 0.1 had null where it had counted nothing; pages test for that, and "0" would count as something.
  return done(`{"notification":${count === 0 ? 'null' : `"${count}"`}}`)
}

/** `GET /talk/history/ROOM1,ROOM2?limit=N`: the newest messages of each. */
export async function history(call: TalkCall): Promise<TalkAnswer> {
  const { user } = await loggedIn(call)
  const limit = limitOf(call.query)
  const space = new MessageSpace(call)
  const results: string[] = []
  // One after the other: what one request reads at a time is one room.
  for (const room of call.rooms) {
    const recent = await call.parts.rooms.recent(room, { user, limit: space.isFull ? 0 : limit })
    const messages = list(space.take(room, recent.messages))
    results.push(
      `{"room_name":${JSON.stringify(room)},"unread_count":${recent.unread},"messages":${messages}}`,
    )
  }
  return done(`{"results":${list(results)}}`)
}

/** A type in a query; absent where it is empty. Throws Refusal `invalid_field`. */
export function typeOf(query: Fields): string | undefined {
  const type = query.text('type')
  if (type === undefined || type === '') return undefined
  if (isMessageType(type)) return type
  throw new Refusal('invalid_field', 'Invalid type')
}

function limitOf(query: Fields): number {
  const text = query.text('limit') ?? '1'
  if (!/^0*[1-9][0-9]*$/.test(text)) throw new Refusal('invalid_field', 'Invalid limit')
  return Math.min(Number(text), maxMessages)
}

function list(items: readonly string[]): string {
  return `[${items.join(',')}]`
}
