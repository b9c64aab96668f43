import type { Command } from '../../core/command.ts'
import type { Position } from '../../core/entry.ts'
import { Refusal } from '../../core/errors.ts'
import { isName } from '../../core/names.ts'
import {
  type Args,
  type Decode,
  type Dialect,
  decodeUnsubscribe,
  isObject,
  own,
  readChannel,
  readRecipient,
} from './commands.ts'

const defaultPage = 100
const maxPage = 1000
const maxPositions = 1000
const bearerToken = /^[!-~]{1,4096}$/

/** Version 2 on the way in: payloads are plain JSON values (spec/hookbox.md §10). */
export const dialectTwo: Dialect = {
  commands: new Map<string, Decode>([
    ['CONNECT', decodeConnect],
    ['SUBSCRIBE', decodeSubscribe],
    ['UNSUBSCRIBE', decodeUnsubscribe],
    ['PUBLISH', decodePublish],
    [
      'MESSAGE',
      (args) => ({
        op: 'message',
        recipient: readRecipient(args),
        payload: readPayload(args),
      }),
    ],
    ['HISTORY', decodeHistory],
    ['PRESENCE', (args) => ({ op: 'presence', channel: readChannel(args) })],
    ['READ', decodeRead],
    ['ROOMS', decodeRooms],
    ['TYPING', (args) => ({ op: 'typing', channel: readChannel(args) })],
    ['DISCONNECT', () => ({ op: 'disconnect' })],
    ['PING', () => ({ op: 'ping' })],
    ['PONG', () => ({ op: 'pong' })],
  ]),
  unknown: 'refuse',
}

function decodeConnect(args: Args): Command {
  const cookies = own(args, 'cookie_string') ?? ''
  if (typeof cookies !== 'string') throw new Refusal('missing_cookie_string')
  const token = own(args, 'token')
  const since = own(args, 'since')
  return {
    op: 'connect',
    cookies,
    payload: readPayload(args),
    ...(token === undefined || token === null ? {} : { token: readToken(token) }),
    ...(since === undefined || since === null ? {} : { since: readPositions(since) }),
  }
}

function decodeSubscribe(args: Args): Command {
  const channel = readChannel(args)
  const since = own(args, 'since')
  if (since === undefined || since === null) return { op: 'subscribe', channel }
  return { op: 'subscribe', channel, since: readPosition(since) }
}

function decodePublish(args: Args): Command {
  const channel = readChannel(args)
  const payload = readPayload(args)
  const { id } = args
  if (id === undefined || id === null) return { op: 'publish', channel, payload }
  if (typeof id !== 'string') throw new Refusal('invalid_publish_id')
  return { op: 'publish', channel, payload, id }
}

function decodeHistory(args: Args): Command {
  const channel = readChannel(args)
  const before = readCount(own(args, 'before'))
  const after = readCount(own(args, 'after'))
  const limit = readCount(own(args, 'limit')) ?? defaultPage
  if (before !== undefined && after !== undefined) throw new Refusal('invalid_page')
  if (limit < 1 || limit > maxPage) throw new Refusal('invalid_page')
  return {
    op: 'history',
    channel,
    limit,
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
  }
}

function decodeRead(args: Args): Command {
  const channel = readChannel(args)
  const offset = own(args, 'offset')
  if (typeof offset !== 'number' || !Number.isInteger(offset) || offset < 0) {
    throw new Refusal('invalid_offset')
  }
  return { op: 'read', channel, offset: Math.min(offset, Number.MAX_SAFE_INTEGER) }
}

function decodeRooms(args: Args): Command {
  const after = own(args, 'after')
  const limit = readCount(own(args, 'limit')) ?? defaultPage
  if (limit < 1 || limit > maxPage) throw new Refusal('invalid_page')
  if (after === undefined || after === null) return { op: 'rooms', limit }
  if (typeof after !== 'string' || !isName(after)) throw new Refusal('invalid_page')
  return { op: 'rooms', limit, after }
}

/**
 * The value as text again: what JSON.parse has read, JSON.stringify writes on one line. Read by its name, as all that a
 * publish has: nothing inherited is called so, and `own` costs more than the rest of a publish's decoding.
 */
function readPayload(args: Args): string {
  return JSON.stringify(args['payload'] ?? null)
}

function readToken(value: unknown): string {
  if (typeof value !== 'string' || !bearerToken.test(value)) {
    throw new Refusal('invalid_bearer_token')
  }
  return value
}

function readPositions(value: unknown): ReadonlyMap<string, Position> {
  if (!isObject(value)) throw new Refusal('invalid_since')
  const entries = Object.entries(value)
  if (entries.length > maxPositions) throw new Refusal('invalid_since')
  return new Map(
    entries.map(([channel, position]) => {
      if (!isName(channel)) throw new Refusal('invalid_since')
      return [channel, readPosition(position)] as const
    }),
  )
}

function readPosition(value: unknown): Position {
  if (!isObject(value)) throw new Refusal('invalid_since')
  const epoch = own(value, 'epoch')
  const offset = own(value, 'offset')
  if (typeof epoch !== 'string' || epoch.length > 64) throw new Refusal('invalid_since')
  if (typeof offset !== 'number' || !(Number.isInteger(offset) && offset >= 0)) {
    throw new Refusal('invalid_since')
  }
  return { epoch, offset }
}

function readCount(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) {
    return Math.min(value, Number.MAX_SAFE_INTEGER)
  }
  throw new Refusal('invalid_page')
}
