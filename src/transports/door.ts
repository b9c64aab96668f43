import type { Arrive, Inbound } from '../core/acceptor.ts'
import type { Refusal } from '../core/errors.ts'
import type { Link } from '../core/ports.ts'
import type { PacketData } from './csp/packet-data.ts'

/** What is known of a link when it opens. */
export type LinkFrom = HookboxLink | TalkLink

interface HookboxLink {
  readonly protocol: 'hookbox'
  readonly transport: 'websocket' | 'csp'
  /** The client's address (spec/safety.md §5). */
  readonly address: string
  /** The request's own Cookie header as it came, only where it counts (spec/safety.md §1). */
  readonly cookies?: string
}

interface TalkLink {
  readonly protocol: 'talk'
  readonly transport: 'websocket'
  readonly address: string
  /** The one room it is in. */
  readonly room: string
  /** Makes its connection the user's who was let in. */
  readonly arrive: Arrive
}

/** The core's side of all transports. */
export interface ConnectionDoor {
  /** Why no link may open now (draining, full); asked before an upgrade is accepted. */
  admits(address: string): Refusal | undefined
  /** Takes a link that has opened. May throw a Refusal: the link is closed with its code. */
  accept(link: Link, from: LinkFrom): Inbound
}

/** What transports keep in `Encoded.framed`: each its own framing of one message, built once for all links. */
export interface Framings {
  webSocket?: Buffer
  /** For links that agreed on permessage-deflate. */
  webSocketDeflated?: Buffer
  csp?: readonly PacketData[]
}
