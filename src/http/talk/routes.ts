import { Refusal } from '../../core/errors.ts'
import type { DeniedStatus } from './answer.ts'
import type { TalkMethod } from './call.ts'
import { item } from './item.ts'
import { newChatRoom, rooms, unsubscribe } from './member-methods.ts'
import { history, notification, old } from './read-methods.ts'
import { isRoomName, pathSegments } from './room-path.ts'

/** One endpoint (spec/hipochat.md §3, §4). */
interface Endpoint {
  readonly http: 'GET' | 'POST'
  /** What its path names after its own name. */
  readonly names: 'nothing' | 'a room' | 'rooms'
  readonly denied: DeniedStatus
  readonly act: TalkMethod
}

/** A path that was understood. */
export interface Route {
  readonly endpoint: Endpoint
  readonly rooms: readonly string[]
}

/** Attack: each room of a history is read. */
const maxRooms = 100

const endpoints: ReadonlyMap<string, Endpoint> = new Map<string, Endpoint>([
  ['old', { http: 'GET', names: 'a room', denied: 400, act: old }],
  ['item', { http: 'POST', names: 'a room', denied: 400, act: item }],
  ['notification', { http: 'GET', names: 'a room', denied: 403, act: notification }],
  ['history', { http: 'GET', names: 'rooms', denied: 403, act: history }],
  ['rooms', { http: 'POST', names: 'nothing', denied: 403, act: rooms }],
  ['new-chat-room', { http: 'POST', names: 'a room', denied: 403, act: newChatRoom }],
  ['unsubscribe', { http: 'POST', names: 'a room', denied: 403, act: unsubscribe }],
])

/** Where a path leads; undefined: nowhere. Throws Refusal `too_many_entries`. */
export function routeOf(path: string): Route | undefined {
  const [first, name = '', ...rest] = pathSegments(path) ?? []
  const isChat = first === 'api' && name === 'chat'
  const endpoint = endpoints.get(isChat ? 'rooms' : name)
  if (endpoint === undefined) return undefined
  const named = namedRooms(endpoint, rest)
  return named === undefined ? undefined : { endpoint, rooms: named }
}

function namedRooms({ names }: Endpoint, rest: readonly string[]): readonly string[] | undefined {
  if (names === 'nothing') return rest.length === 0 ? [] : undefined
  const [text, ...more] = rest
  if (text === undefined || more.length > 0) return undefined
  const named = names === 'a room' ? [text] : [...new Set(text.split(',').filter(Boolean))]
  if (named.length === 0 || !named.every(isRoomName)) return undefined
  if (named.length <= maxRooms) return named
  throw new Refusal('too_many_entries', `At most ${maxRooms} rooms at once`)
}
