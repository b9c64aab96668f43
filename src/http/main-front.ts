import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { Refusal } from '../core/errors.ts'
import type { Clock, Telemetry } from '../core/ports.ts'
import { answerRefusal, type Upgrade, type WebSocketTransport } from '../transports/websocket.ts'
import type { AccessLog } from './access-log.ts'
import type { Addresses } from './address.ts'
import type { ConnectionCaps } from './caps.ts'
import { createFront, type Front, pathOf } from './front.ts'
import { answerRaw } from './raw-answer.ts'
import type { HttpSettings } from './settings.ts'
import { chatRoomOf } from './talk/room-path.ts'
import type { TalkUpgrades } from './talk/upgrades.ts'

/** What the browsers' port stands on. */
export interface MainFrontParts {
  readonly settings: HttpSettings
  readonly addresses: Addresses
  readonly caps: ConnectionCaps
  readonly webSockets: WebSocketTransport
  /** Absent: talk is off. */
  readonly talkUpgrades: TalkUpgrades | undefined
  readonly isDraining: () => boolean
  readonly clock: Clock
  readonly telemetry: Telemetry
  readonly accessLog: AccessLog | undefined
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
    const log = upgradeLog(request, parts)
    const status = answerUpgrade({ request, socket, head }, parts)
    if (typeof status === 'number') log(status)
    else void status.then(log)
  })
  return front
}

/** Looks at the request at once: a link that has ended has no address. */
function upgradeLog(request: IncomingMessage, parts: MainFrontParts): (status: number) => void {
  const { accessLog, addresses, clock } = parts
  if (accessLog === undefined) return () => {}
  const path = pathOf(request.url ?? '')
  const address = addresses.clientOf(request)
  const begun = clock.now()
  return (status) =>
    accessLog({ method: 'GET', path, status, bytes: 0, ms: clock.now() - begun, address })
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

/** Answers an upgrade, in time; the status. */
function answerUpgrade(upgrade: Upgrade, parts: MainFrontParts): number | Promise<number> {
  const { request, socket } = upgrade
  const path = pathOf(request.url ?? '')
  const isHookbox = path === '/ws' || path === '/ws/'
  const room = parts.talkUpgrades === undefined ? undefined : chatRoomOf(path)
  if (!isHookbox && room === undefined) {
    answerRaw(socket, { status: 404, type: 'text/plain; charset=utf-8', body: 'Not found' })
    return 404
  }
  const refusal = parts.isDraining() ? new Refusal('draining') : gateUpgrade(request, parts)
  if (refusal !== undefined) {
    answerRefusal(socket, refusal)
    return refusal.status
  }
  if (room === undefined || parts.talkUpgrades === undefined) {
    return parts.webSockets.upgrade(upgrade)
  }
  return parts.talkUpgrades.answer(upgrade, room)
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
