import { Refusal, type RefusalCode } from '../../core/errors.ts'
import type { Encoded } from '../../core/ports.ts'
import type { Encoder, Goodbye, Protocol, Received, Reply, Session } from '../../core/protocol.ts'
import { type MessageStyle, messageOf } from './message-of.ts'
import { readMessage } from './read-message.ts'

/** Ends that a client of Hipochat is not told of by a message: it reconnects, or has left. */
const quietEnds: ReadonlySet<RefusalCode> = new Set<RefusalCode>([
  'draining',
  'expired',
  'slow_consumer',
  'kicked',
  'goodbye',
])

/** The message by which a client learns that something was refused, letter for letter as Hipochat wrote it. */
export function errorMessage(text: string): string {
  return `{"ERROR": ${JSON.stringify(text)}}`
}

/**
 * The protocol of Hipochat (spec/hipochat.md §2): a link is in one room, so each room has its own. All rooms share one
 * encoder, so that a message is encoded once.
 */
export function createTalk(style: MessageStyle): (room: string) => Protocol {
  const encoder: Encoder = {
    key: 'talk',
    snapshots: 'entries',
    encode: (event) =>
      event.event === 'publish'
        ? { text: messageOf(event.entry, event.channel, style) }
        : undefined,
  }
  return (room) => ({
    name: 'talk',
    scope: 'connection',
    open: ({ maxFrameBytes }) =>
      new TalkSession(encoder, { room, maxFrameBytes, regularType: style.regularType }),
  })
}

interface SessionParts {
  readonly room: string
  readonly maxFrameBytes: number
  readonly regularType: string
}

/** One link's side: each WebSocket message is one message to the room. */
class TalkSession implements Session {
  readonly encoder: Encoder
  readonly resumes = false
  readonly reads = true
  readonly pending = false
  readonly endedFrame = true
  readonly #parts: SessionParts

  constructor(encoder: Encoder, parts: SessionParts) {
    this.encoder = encoder
    this.#parts = parts
  }

  unsettle(): void {}

  receive(text: string): readonly Received[] {
    const { room, maxFrameBytes, regularType } = this.#parts
    try {
      const message = readMessage(text, { maxBytes: maxFrameBytes, regularType })
      return [{ ref: null, command: { op: 'publish', channel: room, ...message } }]
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      return [{ ref: null, refusal: error }]
    }
  }

  /** A refusal that ends the link is said once, by the goodbye. */
  reply(reply: Reply): Encoded | undefined {
    if (!('refusal' in reply) || reply.refusal.close !== undefined) return undefined
    return { text: errorMessage(reply.refusal.message) }
  }

  echo(payload: string): string {
    return payload
  }

  goodbye({ refusal }: Goodbye): Encoded | undefined {
    return quietEnds.has(refusal.code) ? undefined : { text: errorMessage(refusal.message) }
  }
}
