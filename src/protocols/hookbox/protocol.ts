import { Refusal } from '../../core/errors.ts'
import type { Encoded } from '../../core/ports.ts'
import type { Encoder, Protocol, Received, Reply, Session } from '../../core/protocol.ts'
import { decodeFrame } from './commands.ts'
import { encodeErrorOne, encodeOne } from './encoder1.ts'
import { FrameDecoder } from './frames.ts'

/** The encoder of version 1, shared by all its connections. */
const hookbox1: Encoder = {
  key: 'hookbox1',
  encode: (event) => ({ text: encodeOne(event) }),
}

/** The frames of Hookbox (spec/hookbox.md §2): subscriptions belong to the user. */
export const hookboxProtocol: Protocol = {
  name: 'hookbox',
  scope: 'user',
  open: (limits) => new HookboxSession(limits.maxFrameBytes),
}

class HookboxSession implements Session {
  readonly encoder = hookbox1
  readonly #maxFrameBytes: number
  readonly #decoder: FrameDecoder

  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes
    this.#decoder = new FrameDecoder(maxFrameBytes)
  }

  receive(text: string): readonly Received[] {
    const received: Received[] = []
    try {
      for (const frame of this.#decoder.push(text)) {
        const item = decodeFrame(frame, this.#maxFrameBytes)
        if (item !== undefined) received.push(item)
      }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      received.push({ ref: null, refusal: error })
    }
    return received
  }

  reply(reply: Reply): Encoded | undefined {
    if (!('refusal' in reply)) return undefined
    return { text: encodeErrorOne(reply.ref, reply.refusal.message) }
  }

  get pending(): boolean {
    return this.#decoder.pending
  }
}
