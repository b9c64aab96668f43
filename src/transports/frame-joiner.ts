import type { Encoded, OwnMessage } from '../core/ports.ts'
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
 * Most links of a turn get the same messages, so these are joined once, and again only when they are not the same objects.
 * Where a link gets something of its own among them, the bytes around it are copied.
 */
export class FrameJoiner {
  readonly #frameOf: (encoded: Encoded) => Buffer
  /** What many links get: the messages, their bytes, and where each of them ends in these. */
  #messages: readonly Encoded[] = []
  #shared: Buffer | undefined = Buffer.alloc(0)
  #ends: number[] = []
  #joined: Buffer | undefined
  #copied: Buffer | undefined
  #slab = Buffer.alloc(0)
  /** Before it stands what sockets still have to send. */
  #free = 0
  /** Where the shared bytes end in the slab; 0 if they are not in it. */
  #sharedEnd = 0
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
   * All of them in order, a link's own ones in their places; undefined where they are too large to be copied together. The
   * list must not change any more. The bytes hold until the next join, or longer after `keep`.
   */
  join(messages: readonly Encoded[], own: readonly OwnMessage[] = []): Buffer | undefined {
    if (!this.#isSame(messages)) this.#joinShared(messages)
    const joined = own.length === 0 ? this.#justShared() : this.#withOwn(own)
    if (joined !== this.#joined) this.#copied = undefined
    this.#joined = joined
    return joined
  }

  /** A socket has not taken all of the last join yet: its bytes stay where they are. */
  keep(): void {
    this.#free = Math.max(this.#free, this.#end)
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

  #joinShared(messages: readonly Encoded[]): void {
    this.#messages = messages
    this.#shared = undefined
    this.#sharedEnd = 0
    let bytes = 0
    for (const message of messages) bytes += this.#maxBytesOf(message)
    if (bytes > maxJoinedBytes) return
    const start = this.#placeFor(bytes)
    this.#ends = []
    let end = start
    for (const message of messages) {
      end = this.#add(message, end)
      this.#ends.push(end - start)
    }
    this.#sharedEnd = end
    this.#shared = this.#slab.subarray(start, end)
  }

  #justShared(): Buffer | undefined {
    this.#end = this.#sharedEnd
    return this.#shared
  }

  #withOwn(own: readonly OwnMessage[]): Buffer | undefined {
    const shared = this.#shared
    if (shared === undefined) return undefined
    let bytes = shared.length
    for (const { message } of own) bytes += this.#maxBytesOf(message)
    if (bytes > maxJoinedBytes) return undefined
    const start = this.#placeFor(bytes)
    let end = start
    let from = 0
    for (const { after, message } of own) {
      const to = after === 0 ? 0 : (this.#ends[after - 1] as number)
      if (to > from) end += shared.copy(this.#slab, end, from, to)
      end = this.#add(message, end)
      from = to
    }
    if (shared.length > from) end += shared.copy(this.#slab, end, from)
    this.#end = end
    return this.#slab.subarray(start, end)
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

  /** Where so many bytes may stand; the shared ones stay where they are. */
  #placeFor(bytes: number): number {
    const start = Math.max(this.#free, this.#sharedEnd)
    const wanted = Math.max(slabBytes, bytes)
    if (start + bytes <= this.#slab.length && this.#slab.length <= 2 * wanted) return start
    this.#slab = Buffer.allocUnsafeSlow(wanted)
    this.#free = 0
    this.#sharedEnd = 0
    return 0
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
