import { Refusal } from '../../core/errors.ts'
import type { RoomActor } from '../../rooms/rooms.ts'
import { apiTokensOf } from '../api-token.ts'
import { done } from './answer.ts'
import { loggedIn, type TalkAnswer, type TalkCall } from './call.ts'
import { type MemberFields, readMemberFields } from './member-fields.ts'
import { appUser, checkCount } from './names.ts'
import { isRoomName } from './room-path.ts'

/** Tokens that the app is asked about at a time. */
const together = 16

/** `POST /talk/rooms/`, `/api/chat`: finds or makes a room with the caller in it. */
export async function rooms(call: TalkCall): Promise<TalkAnswer> {
  const { user: caller } = await loggedIn(call)
  const { lists, scalars } = readMemberFields(call, ['members'])
  const names = lists.get('members') ?? []
  checkCount(names)
  const members = unique(names.map((name) => appUser(call, name)))
  const wanted = scalars.text('token') ?? ''
  if (wanted !== '' && !isRoomName(wanted)) throw new Refusal('invalid_name', 'Invalid token')
  const wish = wanted === '' ? { caller, members } : { caller, members, room: wanted }
  const { room, made } = await call.parts.rooms.find(wish)
  return done(`{"chat":{"token":${JSON.stringify(room)}}}`, made ? 201 : 200)
}

/** `POST /talk/new-chat-room/ROOM/`: adds members, all or none. */
export async function newChatRoom(call: TalkCall): Promise<TalkAnswer> {
  const fields = readMemberFields(call, ['tokens', 'users'])
  const by = appOrAnybody(call, fields) ?? (await caller(call))
  const users = await usersOf(call, fields, by)
  await call.parts.rooms.add(call.room, { users, by })
  return done('{}')
}

/** `POST /talk/unsubscribe/ROOM/`: removes members. */
export async function unsubscribe(call: TalkCall): Promise<TalkAnswer> {
  const fields = readMemberFields(call, ['tokens', 'users'])
  const by = appOrAnybody(call, fields)
  if (by === undefined) throw new Refusal('invalid_token')
  const users = await usersOf(call, fields, by)
  await call.parts.rooms.remove(call.room, { users })
  return done('{}')
}

async function caller(call: TalkCall): Promise<RoomActor> {
  const { user } = await loggedIn(call)
  return { kind: 'user', user }
}

/** Undefined where neither the API token nor --talk-open-membership speaks for the caller. */
function appOrAnybody(call: TalkCall, { scalars }: MemberFields): RoomActor | undefined {
  const { logins, settings, token } = call.parts
  const given = [scalars, call.query].flatMap((fields) => apiTokensOf(call.headers, fields))
  if (given.some((text) => token.matches(text))) return { kind: 'app' }
  if (given.length > 0) throw logins.failed(call.address)
  return settings.talkOpenMembership ? { kind: 'anybody' } : undefined
}

/** All users that are meant, before anything is done about one of them. Throws Refusal. */
async function usersOf(call: TalkCall, { lists }: MemberFields, by: RoomActor): Promise<string[]> {
  const tokens = lists.get('tokens') ?? []
  const names = lists.get('users') ?? []
  if (tokens.length + names.length === 0) {
    throw new Refusal('missing_field', 'Missing tokens or users')
  }
  checkCount([...tokens, ...names])
  const users = names.map((name) => appUser(call, name))
  for (let i = 0; i < tokens.length; i += together) {
    const some = tokens.slice(i, i + together)
    users.push(...(await Promise.all(some.map((token) => userBehind(call, token, by)))))
  }
  return unique(users)
}

/** What the app itself sends does not count against its address; guesses of others do. */
async function userBehind(call: TalkCall, token: string, by: RoomActor): Promise<string> {
  const { logins } = call.parts
  if (by.kind !== 'app') {
    const profile = await logins.authenticate(token, call.address).catch(toInvalid)
    return profile.user
  }
  const answer = await logins.profile(token)
  if (answer.outcome !== 'known') throw invalidToken()
  return answer.profile.user
}

function toInvalid(error: unknown): never {
  const isUnknown = error instanceof Refusal && error.code === 'authentication_error'
  throw isUnknown ? invalidToken() : error
}

function invalidToken(): Refusal {
  return new Refusal('invalid_field', 'A token is not valid')
}

function unique(users: readonly string[]): string[] {
  return [...new Set(users)]
}
