import type { Encoded } from '../core/ports.ts'
import type { Framings } from './door.ts'
import { frameOf, maxFrameBytes, writeFrame } from './frame.ts'

/** Attack and cost: beyond this a copy of the joined frames costs more than many chunks in one write. */
const maxJoinedBytes = 1_048_576
/** A socket that has not taken its part still holds all of it; it is larger only while what is joined is. */
const slabBytes = 16_384
/** How long a text of a larger message is in bytes must be known: an estimate would waste twice as much. */
const maxEstimated = 4096

/**
 * Frames of one turn as one buffer, in a place that is used again once the sockets have taken it: mostly that is at once.
 * Most links of a turn get the same messages, so the last join is given again as long as the messages are the same objects.
 */
export class FrameJoiner {
  readonly #frameOf: (encoded: Encoded) => Buffer
  #messages: readonly Encoded[] = []
  #joined: Buffer | undefined
  #copied: Buffer | undefined
  #slab = Buffer.alloc(0)
  /** Before it stands what sockets still have to send. */
  #free = 0
  /** Where the last join ends in the slab. */
  #end = 0

  constructor(frame: (encoded: Encoded) => Buffer = frameOf) {
    this.#frameOf = frame
  }

  /** The frame of one message. */
  frame(message: Encoded): Buffer {
    return this.#frameOf(message)
  }

  /**
   * All of them in order; undefined where they are too large to be copied together. The list must not change any more.
   * The bytes hold until the next join, or longer after `keep`.
   */
  join(messages: readonly Encoded[]): Buffer | undefined {
    if (this.#isSame(messages)) return this.#joined
    let bytes = 0
    for (const message of messages) bytes += this.#maxBytesOf(message)
    if (bytes > maxJoinedBytes) return undefined
    this.#makeRoom(bytes)
    let end = this.#free
    for (const message of messages) end = this.#add(message, end)
    this.#end = end
    this.#messages = messages
    this.#joined = this.#slab.subarray(this.#free, end)
    this.#copied = undefined
    return this.#joined
  }

  /** A socket has not taken all of the last join yet: its bytes stay where they are. */
  keep(): void {
    this.#free = this.#end
  }

  /**
   * The last join by itself, for sockets that will not take it soon, one for all of them. Attack: a slow reader would
   * hold a whole slab for each message that waits for it.
   */
  copied(): Buffer {
    if (this.#copied !== undefined) return this.#copied
    const joined = this.#joined ?? Buffer.alloc(0)
    this.#copied = Buffer.allocUnsafeSlow(joined.length)
    this.#copied.set(joined)
    return this.#copied
  }

  /**
   * A message that nobody was sent yet is written as it is: if it comes alone, or always in the same company, it never
   * needs a frame of its own.
   */
  #isUnframed({ text, framed }: Encoded): boolean {
    return framed === undefined && this.#frameOf === frameOf && text.length <= maxEstimated
  }

  #maxBytesOf(message: Encoded): number {
    return this.#isUnframed(message) ? maxFrameBytes(message.text) : this.frame(message).length
  }

  #add(message: Encoded, at: number): number {
    if (this.#isUnframed(message)) {
      message.framed = {} satisfies Framings
      return writeFrame(message.text, this.#slab, at)
    }
    const frame = this.frame(message)
    this.#slab.set(frame, at)
    return at + frame.length
  }

  #makeRoom(bytes: number): void {
    const wanted = Math.max(slabBytes, bytes)
    if (this.#free + bytes <= this.#slab.length && this.#slab.length <= wanted) return
    this.#slab = Buffer.allocUnsafeSlow(wanted)
    this.#free = 0
  }

  #isSame(messages: readonly Encoded[]): boolean {
    if (messages === this.#messages) return true
    if (messages.length !== this.#messages.length) return false
    for (let i = 0; i < messages.length; i += 1) {
      if (messages[i] !== this.#messages[i]) return false
    }
    return true
  }
}
