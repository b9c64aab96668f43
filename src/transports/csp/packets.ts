import { Refusal } from '../../core/errors.ts'
import { InvalidJson, parseJson } from '../../core/json.ts'
import type { Encoded } from '../../core/ports.ts'
import type { Framings } from '../door.ts'
import type { PacketData } from './packet-data.ts'

/** A packet of the browser: text, bytes of UTF-8 that may be cut inside a character, or null = it closes. */
export interface ClientPacket {
  readonly id: number
  readonly data: string | Buffer | null
}

/** A list of lists. */
const packetListDepth = 2
/** A browser behind a slow line acknowledges step by step: no packet is larger than a batch should be. */
const maxPieceLength = 65_536

/** The packets of one request, whose size was limited as it came. Throws Refusal `invalid_body`; then none of them may be taken. */
export function readPackets(text: string): ClientPacket[] {
  const list = parsed(text)
  if (!Array.isArray(list)) throw new Refusal('invalid_body', 'Invalid packets (not a list)')
  return list.map(readPacket)
}

function parsed(text: string): unknown {
  try {
    return parseJson(text, { bytes: Number.POSITIVE_INFINITY, depth: packetListDepth })
  } catch (error) {
    if (!(error instanceof InvalidJson)) throw error
    throw new Refusal('invalid_body', `Invalid packets (${error.message})`, { cause: error })
  }
}

function readPacket(packet: unknown): ClientPacket {
  if (!Array.isArray(packet) || packet.length !== 3) {
    throw new Refusal('invalid_body', 'Invalid packet (must be [id, encoding, data])')
  }
  const [id, encoding, data]: readonly unknown[] = packet
  if (typeof id !== 'number' || !Number.isSafeInteger(id) || id < 1) {
    throw new Refusal('invalid_body', 'Invalid packet id')
  }
  if (encoding !== 0 && encoding !== 1) {
    throw new Refusal('invalid_body', 'Invalid packet encoding')
  }
  if (data === null) return { id, data }
  if (typeof data !== 'string') throw new Refusal('invalid_body', 'Invalid packet data')
  return { id, data: encoding === 0 ? data : fromBase64(data) }
}

function fromBase64(text: string): Buffer {
  const digits = text.replace(/={1,2}$/, '')
  if (!/^[A-Za-z0-9_-]*$/.test(digits) || digits.length % 4 === 1) {
    throw new Refusal('invalid_body', 'Invalid packet data (not URL-safe base64)')
  }
  return Buffer.from(digits, 'base64url')
}

/** One message as the data of packets, built once for all sessions. */
export function packetDataOf(encoded: Encoded): readonly PacketData[] {
  encoded.framed ??= {}
  const framings = encoded.framed as Framings
  framings.csp ??= piecesOf(encoded.text).map(packetData)
  return framings.csp
}

/** The data with which the server closes. */
export const closeData: PacketData = { json: 'null', bytes: 4 }

function packetData(piece: string): PacketData {
  const json = safeJson(piece)
  return { json, bytes: Buffer.byteLength(json) }
}

/** JSON in which nothing can end or begin a script element, nor end a line of a script (spec/safety.md §8). */
export function safeJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

function piecesOf(text: string): string[] {
  const pieces: string[] = []
  let start = 0
  while (text.length - start > maxPieceLength) {
    const end = start + maxPieceLength - (endsInsidePair(text, start + maxPieceLength) ? 1 : 0)
    pieces.push(text.slice(start, end))
    start = end
  }
  pieces.push(text.slice(start))
  return pieces
}

/** Whether a cut at `index` would part a surrogate pair. */
function endsInsidePair(text: string, index: number): boolean {
  const code = text.charCodeAt(index - 1)
  return code >= 0xd800 && code < 0xdc00
}
