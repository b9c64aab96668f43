import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { type Server, type WebSocket, WebSocketServer } from 'ws'
import type { Inbound } from '../core/acceptor.ts'
import { Refusal } from '../core/errors.ts'
import type { Clock, Link, Telemetry } from '../core/ports.ts'
import type { Addresses } from '../http/address.ts'
import type { OriginRequest, OriginVerdict } from '../http/origin.ts'
import { answerRaw } from '../http/raw-answer.ts'
import type { HttpSettings } from '../http/settings.ts'
import type { ConnectionDoor, LinkFrom } from './door.ts'
import { deflatedFrameOf } from './frame.ts'
import { FrameJoiner } from './frame-joiner.ts'
import { PingWheel } from './ping-wheel.ts'
import { LinkedSocket, type LinkParts, WebSocketLink } from './websocket-link.ts'

/** What the transport stands on. */
export interface WebSocketParts {
  readonly settings: Pick<
    HttpSettings,
    'maxFrameBytes' | 'frameTimeoutMs' | 'pingIntervalMs' | 'pingTimeoutMs' | 'compress'
  >
  readonly door: ConnectionDoor
  readonly addresses: Addresses
  readonly judge: (request: OriginRequest) => OriginVerdict
  readonly clock: Clock
  readonly telemetry: Telemetry
}

/** A request to become a WebSocket, not answered yet. */
export interface Upgrade {
  readonly request: IncomingMessage
  readonly socket: Socket
  /** What came after the request's head. */
  readonly head: Buffer
}

/** Takes a link that has opened, or throws the Refusal it is closed with. */
export type Accept = (link: Link) => Inbound

/** WebSocket links on upgrades that the listener hands over. Both return the status of the answer. */
export interface WebSocketTransport {
  /** Opens a link of Hookbox (spec/hookbox.md §2), or answers why not. */
  upgrade(upgrade: Upgrade): number
  /** Completes the handshake for whoever was looked at by the caller. */
  open(upgrade: Upgrade, accept: Accept): number
  /** Ends all links without ceremony. */
  close(): void
}

/** A message may hold several frames; the core's decoder bounds each frame. */
const maxMessageBytes = 1_048_576
const maxFragments = 4096
const closeTimeoutMs = 10_000

/** Makes the transport; its one timer runs until `close`. */
export function createWebSocketTransport(parts: WebSocketParts): WebSocketTransport {
  const { settings, clock, telemetry } = parts
  const server = createServer(settings)
  const wheel = new PingWheel<WebSocketLink>(
    { intervalMs: settings.pingIntervalMs, timeoutMs: settings.pingTimeoutMs },
    clock,
  )
  const shared: LinkParts = {
    joiner: new FrameJoiner(),
    clock,
    telemetry,
    frameTimeoutMs: settings.frameTimeoutMs,
    ended: (link) => wheel.remove(link),
  }
  const deflating: LinkParts = { ...shared, joiner: new FrameJoiner(deflatedFrameOf) }

  function begin(link: WebSocketLink, accept: Accept): void {
    wheel.add(link)
    try {
      link.open(accept(link))
    } catch (error) {
      if (!(error instanceof Refusal)) telemetry.failure('accept', error)
      const refusal = error instanceof Refusal ? error : new Refusal('internal')
      link.close(refusal.close ?? (refusal.retry ? 1013 : 1011), refusal.message)
    }
  }

  function open({ request, socket, head }: Upgrade, accept: Accept): number {
    let status = 400
    server.handleUpgrade(request, socket, head, (ws) => {
      status = 101
      const link = new WebSocketLink(ws, socket, deflates(ws, request) ? deflating : shared)
      begin(link, accept)
    })
    return status
  }

  return {
    upgrade(upgrade) {
      const from = admit(upgrade.request, parts)
      if (!(from instanceof Refusal)) return open(upgrade, (link) => parts.door.accept(link, from))
      answerRefusal(upgrade.socket, from)
      return from.status
    },
    open,
    close() {
      wheel.stop()
      for (const link of wheel.links()) link.terminate()
    },
  }
}

/** A refused upgrade, said in plain text. */
export function answerRefusal(socket: Socket, refusal: Refusal): void {
  answerRaw(socket, {
    status: refusal.status,
    type: 'text/plain; charset=utf-8',
    body: refusal.message,
    ...(refusal.retry ? { headers: { 'Retry-After': '5' } } : {}),
  })
}

function admit(request: IncomingMessage, parts: WebSocketParts): LinkFrom | Refusal {
  const address = parts.addresses.clientOf(request)
  const refusal = parts.door.admits(address)
  if (refusal !== undefined) return refusal
  const verdict = parts.judge({
    door: 'websocket',
    headers: request.headers,
    scheme: parts.addresses.schemeOf(request),
  })
  if (!verdict.allowed) return new Refusal('unauthorized', 'Origin not allowed (--allow-origin)')
  const cookies = verdict.cookiesCount ? request.headers.cookie : undefined
  return {
    protocol: 'hookbox',
    transport: 'websocket',
    address,
    ...(cookies === undefined ? {} : { cookies }),
  }
}

/** One compressed message serves all: a browser that wants a smaller window than others gets its messages plain. */
function deflates(ws: WebSocket, request: IncomingMessage): boolean {
  const wishes = request.headers['sec-websocket-extensions'] ?? ''
  return ws.extensions !== '' && !/server_max_window_bits/i.test(wishes)
}

function createServer(settings: WebSocketParts['settings']): Server<typeof LinkedSocket> {
  const options = {
    noServer: true,
    WebSocket: LinkedSocket,
    clientTracking: false,
    maxFragments,
    closeTimeout: closeTimeoutMs,
    // Attack: a small message that inflates to a large one.
    maxPayload: settings.compress
      ? settings.maxFrameBytes
      : Math.max(maxMessageBytes, settings.maxFrameBytes),
    perMessageDeflate: settings.compress
      ? {
          serverNoContextTakeover: true,
          clientNoContextTakeover: true,
        }
      : false,
  }
  const server = new WebSocketServer(options)
  server.on('headers', (headers) => headers.push('X-Content-Type-Options: nosniff'))
  server.on('wsClientError', (error, socket) =>
    answerRaw(socket, {
      status: 400,
      type: 'text/plain; charset=utf-8',
      body: error.message,
      headers: { 'Sec-WebSocket-Version': '13' },
    }),
  )
  return server
}
