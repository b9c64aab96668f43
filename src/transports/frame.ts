import type { Encoded } from '../core/ports.ts'
import type { Framings } from './door.ts'

const finalText = 0x81
/** Attack and cost: beyond this a copy of the joined frames costs more than many chunks in one write. */
const maxJoinedBytes = 1_048_576

/** The WebSocket frame of one message (RFC 6455 §5.2, unmasked, so that all links share it). */
export function frameOf(encoded: Encoded): Buffer {
  encoded.framed ??= {}
  const framings = encoded.framed as Framings
  framings.webSocket ??= buildFrame(encoded.text)
  return framings.webSocket
}

function buildFrame(text: string): Buffer {
  const length = Buffer.byteLength(text)
  const head = length < 126 ? 2 : length < 65_536 ? 4 : 10
  const frame = Buffer.allocUnsafe(head + length)
  frame[0] = finalText
  if (head === 2) frame[1] = length
  else if (head === 4) {
    frame[1] = 126
    frame.writeUInt16BE(length, 2)
  } else {
    frame[1] = 127
    frame.writeUInt32BE(0, 2)
    frame.writeUInt32BE(length, 6)
  }
  frame.write(text, head)
  return frame
}

/**
 * Frames of one turn as one buffer. Most links of a turn get the same messages, so the last join is kept and used again
 * as long as the messages are the same objects. Undefined where they are too large to be copied together.
 */
export class FrameJoiner {
  #messages: readonly Encoded[] = []
  #joined: Buffer | undefined

  join(messages: readonly Encoded[]): Buffer | undefined {
    if (this.#isSame(messages)) return this.#joined
    const frames = messages.map(frameOf)
    const bytes = frames.reduce((sum, frame) => sum + frame.length, 0)
    if (bytes > maxJoinedBytes) return undefined
    this.#messages = messages.slice()
    this.#joined = Buffer.concat(frames, bytes)
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
