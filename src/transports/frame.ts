import { constants, deflateRawSync } from 'node:zlib'
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
/** Attack and cost: beyond this a copy of the joined frames costs more than many chunks in one write. */
const maxJoinedBytes = 1_048_576

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
  const head = length < 126 ? 2 : length < 65_536 ? 4 : 10
  const frame = Buffer.allocUnsafe(head + length)
  frame[0] = first
  if (head === 2) frame[1] = length
  else if (head === 4) {
    frame[1] = 126
    frame.writeUInt16BE(length, 2)
  } else {
    frame[1] = 127
    frame.writeUInt32BE(0, 2)
    frame.writeUInt32BE(length, 6)
  }
  return { frame, head }
}

/**
 * Frames of one turn as one buffer. Most links of a turn get the same messages, so the last join is kept and used again
 * as long as the messages are the same objects. Undefined where they are too large to be copied together.
 */
export class FrameJoiner {
  readonly #frameOf: (encoded: Encoded) => Buffer
  #messages: readonly Encoded[] = []
  #joined: Buffer | undefined

  constructor(frame: (encoded: Encoded) => Buffer = frameOf) {
    this.#frameOf = frame
  }

  /** The frame of one message. */
  frame(message: Encoded): Buffer {
    return this.#frameOf(message)
  }

  join(messages: readonly Encoded[]): Buffer | undefined {
    if (this.#isSame(messages)) return this.#joined
    let bytes = 0
    for (const message of messages) bytes += this.#frameOf(message).length
    if (bytes > maxJoinedBytes) return undefined
    this.#messages = messages.slice()
    this.#joined = Buffer.allocUnsafe(bytes)
    let at = 0
    for (const message of messages) {
      const frame = this.#frameOf(message)
      this.#joined.set(frame, at)
      at += frame.length
    }
    return this.#joined
  }

  #isSame(messages: readonly Encoded[]): boolean {
    if (messages.length !== this.#messages.length) return false
    for (let i = 0; i < messages.length; i += 1) {
      if (messages[i] !== this.#messages[i]) return false
    }
    return true
  }
}
