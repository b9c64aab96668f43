import { constants, deflateRawSync } from 'node:zlib'
import { maxUtf8 } from '../core/json.ts'
import type { Encoded } from '../core/ports.ts'
import type { Framings } from './door.ts'

const finalText = 0x81
const compressed = 0x40
/** Shorter ones do not get shorter. */
const minDeflatedBytes = 512
/** Compressed at once, in the turn of whoever wrote: a longer one would hold up everybody else. */
const maxDeflatedBytes = 262_144
/** Of the empty block that ends a flush; the browser puts it back (RFC 7692 §7.2.1). */
const flushedTailBytes = 4
const maxHeadBytes = 10

/** The WebSocket frame of one message (RFC 6455 §5.2, unmasked, so that all links share it). */
export function frameOf(encoded: Encoded): Buffer {
  encoded.framed ??= {}
  const framings = encoded.framed as Framings
  framings.webSocket ??= buildFrame(encoded.text)
  return framings.webSocket
}

/**
 * The same compressed (RFC 7692), once for all links that agreed on it: no message needs the ones before it, so all can
 * share one.
 */
export function deflatedFrameOf(encoded: Encoded): Buffer {
  encoded.framed ??= {}
  const framings = encoded.framed as Framings
  framings.webSocketDeflated ??= deflate(encoded) ?? frameOf(encoded)
  return framings.webSocketDeflated
}

function deflate({ text }: Encoded): Buffer | undefined {
  if (text.length > maxDeflatedBytes) return undefined
  const payload = Buffer.from(text)
  if (payload.length < minDeflatedBytes || payload.length > maxDeflatedBytes) return undefined
  const flushed = deflateRawSync(payload, { finishFlush: constants.Z_SYNC_FLUSH })
  const length = flushed.length - flushedTailBytes
  const { frame, head } = emptyFrame(finalText | compressed, length)
  flushed.copy(frame, head, 0, length)
  return frame
}

function buildFrame(text: string): Buffer {
  const length = Buffer.byteLength(text)
  const { frame, head } = emptyFrame(finalText, length)
  // As many bytes as characters: all of them are ASCII.
  frame.write(text, head, length === text.length ? 'latin1' : 'utf8')
  return frame
}

/** A frame for a payload of so many bytes, which begins at `head`. */
function emptyFrame(first: number, length: number): { frame: Buffer; head: number } {
  const head = headBytes(length)
  const frame = Buffer.allocUnsafe(head + length)
  writeHead(frame, { at: 0, first, length })
  return { frame, head }
}

function headBytes(length: number): number {
  if (length < 126) return 2
  return length < 65_536 ? 4 : 10
}

function writeHead(
  into: Buffer,
  { at, first, length }: { at: number; first: number; length: number },
): void {
  into[at] = first
  if (length < 126) into[at + 1] = length
  else if (length < 65_536) {
    into[at + 1] = 126
    into.writeUInt16BE(length, at + 2)
  } else {
    into[at + 1] = 127
    into.writeUInt32BE(0, at + 2)
    into.writeUInt32BE(length, at + 6)
  }
}

/** Bytes that `writeFrame` needs for a text, at most. */
export function maxFrameBytes({ length }: string): number {
  return maxHeadBytes + length * maxUtf8
}

/** Writes a frame into a larger buffer, which has room for it; where it ends. */
export function writeFrame(text: string, into: Buffer, at: number): number {
  // Mostly the text is ASCII, and its length that of its bytes.
  let head = headBytes(text.length)
  const length = into.write(text, at + head, 'utf8')
  if (headBytes(length) !== head) {
    head = headBytes(length)
    into.write(text, at + head, 'utf8')
  }
  writeHead(into, { at, first: finalText, length })
  return at + head + length
}
