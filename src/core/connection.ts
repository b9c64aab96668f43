import type { Position } from './entry.ts'
import type { Refusal } from './errors.ts'
import type { LocalChannel } from './local-channel.ts'
import type { LocalUser } from './local-user.ts'
import { inOrder, type MessageList } from './message-list.ts'
import type { Departure, Encoded, Link, Marker, OwnMessage } from './ports.ts'
import type { Protocol, Session } from './protocol.ts'

/** A connection's place in a channel. */
export interface Attachment {
  readonly channel: LocalChannel
  /** Generation of the user's join: another one means the user left and came back meanwhile. */
  readonly generation: number
}

/** What a transport knows of a link when it opens. */
export interface LinkOrigin {
  readonly transport: string
  /** The client's address (spec/safety.md §5). */
  readonly address: string
  /** The request's own Cookie header, only where it counts (spec/safety.md §1). */
  readonly cookies?: string
}

/** How far a connection has come. */
type ConnectionStage = 'open' | 'connecting' | 'connected' | 'closed'

/** One link of one browser: a transport's link, a protocol's session and the core's record of it. */
export class Connection {
  readonly id: string
  readonly link: Link
  readonly protocol: Protocol
  readonly session: Session
  readonly origin: LinkOrigin
  stage: ConnectionStage = 'open'
  user: LocalUser | undefined
  /** The one channel it is in, where its protocol's subscriptions belong to the connection (talk). */
  only: string | undefined
  /** How its messages in a room are signed (talk). */
  speaker: { readonly name: string; readonly info: string } | undefined
  /** How far it has read in `only`, as far as that has been written down. */
  readTo: Marker | undefined
  /** How it left its rooms, once it has ended. */
  departures: readonly (readonly [channel: string, departure: Departure])[] | undefined
  /** Cookie header for hooks; lives here only. */
  cookies = ''
  /** Payload of the accepted CONNECT, JSON text: a refresh shows it to the hook again. */
  payload = 'null'
  /** Bearer token for hooks; lives here only. */
  token: string | undefined
  /** Positions the client gave for snapshots to come. */
  since: Map<string, Position> | undefined
  /** The end of the link is also the end of the user's place: the client said goodbye, or was sent away. */
  isLeaving = false
  /** Bytes of snapshots sent in this turn. */
  snapshotBytes = 0
  /** Bytes of snapshots that may still be waiting: not held against a slow reader. */
  allowedBytes = 0
  /** Sent in this turn, not yet written: a list that it shares with others … */
  shared: MessageList | undefined
  /** … and what it alone was sent, with its places in that list. */
  own: OwnMessage[] | undefined
  /** Channels whose entries this connection gets, by name, with the join that brought it there. */
  readonly channels = new Map<string, Attachment>()
  /** Channels whose snapshot it was sent, and of whose end it has not been told since. */
  readonly shown = new Set<string>()
  /** It was ended because it did not take what it was sent. */
  isSlow = false
  readonly #pressure: Pressure
  #isClosing = false

  constructor(parts: {
    id: string
    link: Link
    protocol: Protocol
    session: Session
    origin: LinkOrigin
    pressure: Pressure
  }) {
    this.id = parts.id
    this.link = parts.link
    this.protocol = parts.protocol
    this.session = parts.session
    this.origin = parts.origin
    this.#pressure = parts.pressure
  }

  /** Hands the turn's messages to the transport: `messages` are those of the shared list. */
  flush(messages: readonly Encoded[]): void {
    const { own } = this
    this.shared = undefined
    this.own = undefined
    if (this.stage === 'closed' || this.#isClosing) return
    const before = this.link.pendingBytes
    this.allowedBytes = (before === 0 ? 0 : this.allowedBytes) + this.snapshotBytes
    this.snapshotBytes = 0
    this.link.write(messages, own)
    if (this.link.pendingBytes > 0) this.#pressure.wrote(this, before)
  }

  /** The link has ended, or has been told to. */
  get isOver(): boolean {
    return this.#isClosing || this.stage === 'closed'
  }

  /** Lets the link end with what waits to be written and the refusal's close code. Only the first call counts. */
  close(refusal: Refusal, afterMs = 0): void {
    if (this.#isClosing) return
    const rest = inOrder(this.shared?.toArray() ?? [], this.own)
    this.shared = undefined
    this.own = undefined
    this.#isClosing = true
    if (this.stage === 'closed') return
    const goodbye = this.session.goodbye({ refusal, afterMs })
    // Whoever may come back resumes; whoever was sent away has no place left to resume.
    if (!refusal.retry) this.isLeaving = true
    this.isSlow = refusal.code === 'slow_consumer'
    this.link.write(goodbye === undefined ? rest : [...rest, goodbye])
    this.link.close(refusal.close ?? 1000, refusal.message)
  }
}

/** Watches what a link has not taken yet (spec/safety.md §4). */
export interface Pressure {
  /** Bytes wait after a write; `before` of them waited before it. */
  wrote(connection: Connection, before: number): void
}
