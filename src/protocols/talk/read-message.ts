import { Refusal } from '../../core/errors.ts'
import { fitsUtf8, InvalidJson, maxJsonDepth, parseJson } from '../../core/json.ts'
import { membersWithout } from './members.ts'
import { isMessageType } from './message-type.ts'

/** Keys of a client's message that are not believed (spec/hipochat.md §2). */
const claimed: ReadonlySet<string> = new Set(['timestamp', 'author', 'profile', 'token'])

/**
 * Without a match none of them is there. Looked for in the text, as they are cut from it: what JSON.parse makes of a key
 * that begins with an escape depends on what was parsed before it (nodejs/node#63785).
 */
const mayBeClaimed = /\\u|"(?:timestamp|author|profile|token)"/

/** What one WebSocket message says. */
export interface ReadMessage {
  /** JSON text of an object on one line, as the client wrote it but for what is not believed. */
  readonly payload: string
  readonly type: string
}

/** Reads a message of a client. Throws Refusal `invalid_message`, or `frame_too_large`, which ends the link. */
export function readMessage(
  text: string,
  { maxBytes, regularType }: { readonly maxBytes: number; readonly regularType: string },
): ReadMessage {
  if (!fitsUtf8(text, maxBytes)) throw new Refusal('frame_too_large')
  const { type } = parseObject(text, maxBytes)
  const believed = mayBeClaimed.test(text) ? `{${membersWithout(text, claimed)}}` : text
  return {
    payload: onOneLine(believed),
    type: isMessageType(type) ? type : regularType,
  }
}

function parseObject(text: string, bytes: number): { readonly type?: unknown } {
  let value: unknown
  try {
    value = parseJson(text, { bytes, depth: maxJsonDepth })
  } catch (error) {
    if (!(error instanceof InvalidJson)) throw error
    throw new Refusal('invalid_message', undefined, { cause: error })
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw new Refusal('invalid_message')
}

/** Line breaks of valid JSON stand between tokens only; the frames of Hookbox clients end by them. */
function onOneLine(json: string): string {
  return json.replace(/[\r\n]+/g, ' ').trim()
}
