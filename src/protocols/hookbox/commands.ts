import type { Command } from '../../core/command.ts'
import { Refusal } from '../../core/errors.ts'
import { InvalidJson, maxJsonDepth, parseJson } from '../../core/json.ts'
import { isName } from '../../core/names.ts'
import type { Received } from '../../core/protocol.ts'

/** A frame's arguments, of any shape. */
export type Args = Readonly<Record<string, unknown>>

/** Tells which dialect a frame is in, before its arguments are read. */
export type ChooseDialect = (name: string, args: Args) => Dialect

/**
 * Turns the text of one frame into a command (spec/hookbox.md §2, §10). Undefined for a name that the dialect
 * ignores.
 */
export function decodeFrame(
  text: string,
  maxFrameBytes: number,
  choose: ChooseDialect,
): Received | undefined {
  const frame = readFrame(text, maxFrameBytes)
  if ('refusal' in frame) return frame
  const { ref, name, args } = frame
  const { commands, unknown } = choose(name, args)
  const decode = commands.get(name)
  if (decode === undefined) {
    return unknown === 'ignore' ? undefined : { ref, refusal: new Refusal('unknown_frame') }
  }
  try {
    return { ref, command: decode(args, maxFrameBytes) }
  } catch (error) {
    if (error instanceof Refusal) return { ref, refusal: error }
    throw error
  }
}

interface Frame {
  readonly ref: number
  readonly name: string
  readonly args: Args
}

/** The three parts of a frame, or what is wrong with it. */
function readFrame(text: string, maxBytes: number): Frame | Malformed {
  const frame = readJson(text, maxBytes)
  if (frame === undefined) return malformed(null, 'Invalid json')
  if (!Array.isArray(frame)) return malformed(null, 'Invalid frame (not a list)')
  const items: readonly unknown[] = frame
  const [id, name, args] = items
  const ref = typeof id === 'number' && Number.isSafeInteger(id) ? id : null
  if (items.length !== 3) return malformed(ref, 'Invalid frame length')
  if (ref === null) return malformed(ref, 'Invalid frame id (must be int)')
  if (typeof name !== 'string') return malformed(ref, 'Invalid frame name (must be string)')
  if (!isObject(args)) {
    return malformed(ref, 'Invalid frame keyword arguments (must be dictionary)')
  }
  return { ref, name, args }
}

/** JSON never parses to undefined: that stands for text that is not acceptable JSON. */
function readJson(text: string, maxBytes: number): unknown {
  try {
    return parseJson(text, { bytes: maxBytes, depth: maxJsonDepth })
  } catch (error) {
    if (error instanceof InvalidJson) return undefined
    throw error
  }
}

/** Turns a frame's arguments into its command. Throws Refusal. */
export type Decode = (args: Args, maxBytes: number) => Command

/** Where the two versions of the frames differ on the way in. */
export interface Dialect {
  readonly commands: ReadonlyMap<string, Decode>
  /** What becomes of a frame whose name is none of them. */
  readonly unknown: 'ignore' | 'refuse'
}

/** Version 1: payloads are JSON in strings. */
export const dialectOne: Dialect = {
  commands: new Map<string, Decode>([
    ['CONNECT', decodeConnect],
    ['SUBSCRIBE', (args) => ({ op: 'subscribe', channel: readChannel(args) })],
    ['UNSUBSCRIBE', decodeUnsubscribe],
    [
      'PUBLISH',
      (args, maxBytes) => ({
        op: 'publish',
        channel: readChannel(args),
        payload: readPayload(args, maxBytes),
      }),
    ],
    [
      'MESSAGE',
      (args, maxBytes) => ({
        op: 'message',
        recipient: readRecipient(args),
        payload: readPayload(args, maxBytes),
      }),
    ],
  ]),
  unknown: 'ignore',
}

/** CONNECT is read by the version it names itself. */
function decodeConnect(args: Args, maxBytes: number): Command {
  // The seed calls the field `cookie`.
  const cookies = own(args, 'cookie_string') ?? own(args, 'cookie')
  if (typeof cookies !== 'string') throw new Refusal('missing_cookie_string')
  return { op: 'connect', cookies, payload: readPayload(args, maxBytes) }
}

/** UNSUBSCRIBE is the same in both versions. */
export function decodeUnsubscribe(args: Args): Command {
  return { op: 'unsubscribe', channel: readChannel(args) }
}

export function readChannel(args: Args): string {
  return toName(args['channel_name'], 'channel_name', 'channel_name_required')
}

export function readRecipient(args: Args): string {
  return toName(own(args, 'name'), 'name', 'name_required')
}

function toName(
  name: unknown,
  field: 'channel_name' | 'name',
  missing: 'channel_name_required' | 'name_required',
): string {
  if (typeof name !== 'string' || name === '') throw new Refusal(missing)
  if (!isName(name)) throw new Refusal('invalid_name', `Invalid ${field}`)
  return name
}

/** The payload's JSON text on one line: its characters are carried on as the client wrote them. */
function readPayload(args: Args, maxBytes: number): string {
  const payload = own(args, 'payload') ?? 'null'
  if (typeof payload !== 'string') throw new Refusal('invalid_payload')
  if (readJson(payload, maxBytes) === undefined) throw new Refusal('invalid_payload')
  return toOneLine(payload)
}

/** Line ends in valid JSON stand only between tokens; left in, they could end a frame early. */
function toOneLine(json: string): string {
  return json.replace(/[\r\n]+/g, ' ')
}

export function isObject(value: unknown): value is Args {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** An own key of outside data: never one of the prototype. */
export function own(args: Args, field: string): unknown {
  return Object.hasOwn(args, field) ? args[field] : undefined
}

interface Malformed {
  readonly ref: number | null
  readonly refusal: Refusal
}

function malformed(ref: number | null, text: string): Malformed {
  return { ref, refusal: new Refusal('invalid_frame', text) }
}
