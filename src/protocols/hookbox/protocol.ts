import { Refusal } from '../../core/errors.ts'
import type { Encoded } from '../../core/ports.ts'
import type { Encoder, Goodbye, Protocol, Received, Reply, Session } from '../../core/protocol.ts'
import {
  type Args,
  type ChooseDialect,
  type Dialect,
  decodeFrame,
  dialectOne,
  own,
} from './commands.ts'
import { dialectTwo } from './dialect2.ts'
import { encodeErrorOne, encodeOne } from './encoder1.ts'
import { encodeGoodbyeTwo, encodeReplyTwo, encodeTwo } from './encoder2.ts'
import { FrameDecoder } from './frames.ts'

/** The encoders, each shared by all connections of its version. */
const hookbox1: Encoder = {
  key: 'hookbox1',
  snapshots: 'whole',
  encode: (event) => {
    const text = encodeOne(event)
    return text === undefined ? undefined : { text }
  },
}
const hookbox2: Encoder = {
  key: 'hookbox2',
  snapshots: 'whole',
  encode: (event) => ({ text: encodeTwo(event) }),
}

/** The frames of Hookbox, versions 1 and 2 (spec/hookbox.md §2, §10): subscriptions belong to the user. */
export const hookboxProtocol: Protocol = {
  name: 'hookbox',
  scope: 'user',
  open: (limits) => new HookboxSession(limits.maxFrameBytes),
}

/** Which dialect a frame is in once a CONNECT has said it. */
const settled: Readonly<Record<1 | 2, ChooseDialect>> = {
  1: () => dialectOne,
  2: () => dialectTwo,
}

/** One connection's side of the protocol, in the version that its CONNECT named. */
class HookboxSession implements Session {
  #version: 1 | 2 = 1
  #isSettled = false
  endedFrame = false
  readonly reads = false
  readonly #maxFrameBytes: number
  readonly #decoder: FrameDecoder

  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes
    this.#decoder = new FrameDecoder(maxFrameBytes)
  }

  get encoder(): Encoder {
    return this.#version === 2 ? hookbox2 : hookbox1
  }

  get resumes(): boolean {
    return this.#version === 2
  }

  get pending(): boolean {
    return this.#decoder.pending
  }

  unsettle(): void {
    this.#isSettled = false
  }

  receive(text: string): readonly Received[] {
    const received: Received[] = []
    this.endedFrame = false
    try {
      const whole = this.#decoder.whole(text)
      if (whole !== undefined) this.#decode(whole, received)
      else for (const frame of this.#decoder.push(text)) this.#decode(frame, received)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      received.push({ ref: null, refusal: error })
    }
    return received
  }

  #decode(frame: string, received: Received[]): void {
    this.endedFrame = true
    const choose = this.#isSettled ? settled[this.#version] : this.#chooseByConnect()
    const item = decodeFrame(frame, this.#maxFrameBytes, choose)
    if (item === undefined) return
    // From the CONNECT that is carried out until its refusal no other one changes the version.
    if ('command' in item && item.command.op === 'connect') this.#isSettled = true
    received.push(item)
  }

  /** A CONNECT names the version. */
  #chooseByConnect(): ChooseDialect {
    return (name: string, args: Args): Dialect => {
      if (name === 'CONNECT') this.#version = own(args, 'version') === 2 ? 2 : 1
      return this.#version === 2 ? dialectTwo : dialectOne
    }
  }

  reply(reply: Reply): Encoded | undefined {
    if (this.#version === 2) return { text: encodeReplyTwo(reply) }
    if (!('refusal' in reply)) return undefined
    return { text: encodeErrorOne(reply.ref, reply.refusal.message) }
  }

  echo(payload: string): string {
    return this.#version === 2 ? payload : JSON.stringify(payload)
  }

  goodbye(goodbye: Goodbye): Encoded | undefined {
    return this.#version === 2 ? { text: encodeGoodbyeTwo(goodbye) } : undefined
  }
}
