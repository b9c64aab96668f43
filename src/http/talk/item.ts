import { Refusal } from '../../core/errors.ts'
import { InvalidJson, maxJsonDepth, parseJson } from '../../core/json.ts'
import type { Profile } from '../../core/ports.ts'
import { apiTokensOf } from '../api-token.ts'
import { utf8Text } from '../rest/form.ts'
import { done } from './answer.ts'
import { bytesOf, loggedIn, type TalkAnswer, type TalkCall } from './call.ts'
import { appUser } from './names.ts'
import { typeOf } from './read-methods.ts'

/** `POST /talk/item/ROOM/?type=TYPE`: any JSON as a message, of a user, or of the app. */
export async function item(call: TalkCall): Promise<TalkAnswer> {
  const { maxBodyBytes, maxFrameBytes } = call.parts.settings
  const isApp = apiTokensOf(call.headers, call.query).length > 0
  const author = await authorOf(call)
  // What a user says is as long as over a link; each message is told to everybody, and pushed to many.
  const body = jsonOf(call, isApp ? maxBodyBytes : maxFrameBytes)
  const type = injectedType(call)
  const content = `{"body":${body},"injected":${body}}`
  await call.parts.rooms.inject(call.room, { author, type, content })
  return done('{}')
}

/** Undefined: the system. The body is the message, so the API token cannot be in it. */
async function authorOf(call: TalkCall): Promise<Profile | undefined> {
  const { parts, query } = call
  const given = apiTokensOf(call.headers, query)
  if (given.length === 0) return loggedIn(call)
  if (!given.some((text) => parts.token.matches(text))) throw parts.logins.failed(call.address)
  const name = query.text('as')
  if (name === undefined) return undefined
  return { user: appUser(call, name), name, info: JSON.stringify({ name }) }
}

/** On one line, as Hookbox's frames need it, and one level less deep than a message may be. */
function jsonOf(call: TalkCall, maxBytes: number): string {
  const bytes = bytesOf(call)
  if (bytes.length > maxBytes) throw new Refusal('message_too_large')
  const text = utf8Text(bytes)
  try {
    parseJson(text, { bytes: maxBytes, depth: maxJsonDepth - 1 })
  } catch (error) {
    if (!(error instanceof InvalidJson)) throw error
    throw new Refusal('invalid_body', `Invalid json (${error.message})`, { cause: error })
  }
  return text.replace(/[\r\n]+/g, ' ').trim()
}

function injectedType({ parts, query }: TalkCall): string {
  const { talkMessageTypes: types, talkRegularType: regular } = parts.settings
  const type = typeOf(query) ?? regular
  if (types.length === 0 || type === regular || types.includes(type)) return type
  throw new Refusal('invalid_field', 'Unknown type (--talk-message-types)')
}
