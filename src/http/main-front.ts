import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { Refusal } from '../core/errors.ts'
import type { Clock, Telemetry } from '../core/ports.ts'
import { answerRefusal, type WebSocketTransport } from '../transports/websocket.ts'
import type { AccessLog } from './access-log.ts'
import type { Addresses } from './address.ts'
import type { ConnectionCaps } from './caps.ts'
import { createFront, type Front, pathOf } from './front.ts'
import { answerRaw } from './raw-answer.ts'
import type { DirectDoor } from './rest/direct.ts'
import type { HttpSettings } from './settings.ts'

/** What the browsers' port stands on. */
export interface MainFrontParts {
  readonly settings: HttpSettings
  readonly addresses: Addresses
  readonly caps: ConnectionCaps
  readonly webSockets: WebSocketTransport
  readonly isDraining: () => boolean
  readonly clock: Clock
  readonly telemetry: Telemetry
  readonly accessLog: AccessLog | undefined
  /** REST's short way, where REST is on this port. */
  readonly direct?: DirectDoor
}

/** Links beyond the limit that may be open to be told so, and to reach health and REST. */
const spareLinks = 256

/** The browsers' port: counts its links (spec/safety.md §4) and hands WebSocket upgrades to their transport. */
export function createMainFront(parts: MainFrontParts): Front {
  const front = createFront({
    ...parts,
    maxLinks: parts.settings.maxConnections + spareLinks,
    gate: (request) => (isAlwaysServed(request) ? undefined : gate(request.socket, parts)),
    isRestPath,
  })
  front.server.on('connection', (socket) => {
    parts.caps.admit(socket, peerOf(socket, parts.addresses))
  })
  front.server.on('upgrade', (request, socket: Socket, head) => {
    const status = upgrade(request, { socket, head }, parts)
    parts.accessLog?.({
      method: 'GET',
      path: pathOf(request.url ?? ''),
      status,
      bytes: 0,
      ms: 0,
      address: parts.addresses.clientOf(request),
    })
  })
  return front
}

function isRestPath(url: string): boolean {
  return url.startsWith('/web/') || url.startsWith('/rest/')
}

/** A full server must still tell its health, obey its app, and serve the sessions it has: /csp looks for itself. */
function isAlwaysServed(request: IncomingMessage): boolean {
  const url = request.url ?? ''
  return url.startsWith('/health/') || url.startsWith('/csp/') || isRestPath(url)
}

/** A link that found no room when it came asks again with each request. */
function gate(socket: Socket, parts: MainFrontParts): Refusal | undefined {
  const refusal = parts.caps.admit(socket, peerOf(socket, parts.addresses))
  if (refusal !== undefined) noticeLimit(refusal, parts)
  return refusal
}

function upgrade(
  request: IncomingMessage,
  link: { readonly socket: Socket; readonly head: Buffer },
  parts: MainFrontParts,
): number {
  const path = pathOf(request.url ?? '')
  if (path !== '/ws' && path !== '/ws/') {
    answerRaw(link.socket, { status: 404, type: 'text/plain; charset=utf-8', body: 'Not found' })
    return 404
  }
  const refusal = parts.isDraining() ? new Refusal('draining') : gateUpgrade(request, parts)
  if (refusal === undefined) return parts.webSockets.upgrade(request, link.socket, link.head)
  answerRefusal(link.socket, refusal)
  return refusal.status
}

function gateUpgrade(request: IncomingMessage, parts: MainFrontParts): Refusal | undefined {
  const refusal = gate(request.socket, parts)
  const isProxied = peerOf(request.socket, parts.addresses) === undefined
  if (refusal !== undefined || !isProxied) return refusal
  const address = parts.addresses.clientOf(request)
  const tooMany = parts.caps.assign(request.socket, address)
  if (tooMany !== undefined) noticeLimit(tooMany, parts)
  return tooMany
}

/** Undefined for a trusted proxy: its links belong to its clients. */
function peerOf(socket: Socket, addresses: Addresses): string | undefined {
  const peer = socket.remoteAddress ?? ''
  return addresses.isProxy(peer) ? undefined : peer
}

function noticeLimit(refusal: Refusal, parts: MainFrontParts): void {
  const isTotal = refusal.code === 'server_full'
  parts.telemetry.limit(isTotal ? 'max-connections' : 'max-connections-per-address')
}
