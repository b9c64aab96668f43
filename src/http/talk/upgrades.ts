import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { Failure, Refusal } from '../../core/errors.ts'
import type { Clock, Link, Telemetry } from '../../core/ports.ts'
import { errorMessage } from '../../protocols/talk/protocol.ts'
import type { Entrance, Rooms } from '../../rooms/rooms.ts'
import type { ConnectionDoor } from '../../transports/door.ts'
import { answerRefusal, type Upgrade, type WebSocketTransport } from '../../transports/websocket.ts'
import type { Addresses } from '../address.ts'
import { readFields } from '../rest/body.ts'
import type { HttpSettings } from '../settings.ts'
import type { TalkLogins } from './logins.ts'
import { waitFor } from './wait-for.ts'

/** What WebSockets of talk stand on. */
export interface TalkUpgradesParts {
  readonly settings: Pick<HttpSettings, 'connectTimeoutMs' | 'maxHooksWaiting' | 'maxBodyBytes'>
  readonly rooms: Pick<Rooms, 'enter' | 'arrive'>
  readonly logins: TalkLogins
  readonly door: ConnectionDoor
  readonly webSockets: Pick<WebSocketTransport, 'open'>
  readonly addresses: Addresses
  readonly clock: Clock
  readonly telemetry: Telemetry
  readonly isDraining: () => boolean
}

/** Its client has gone before it was answered; as proxies write it. */
const goneStatus = 499

/**
 * WebSockets to `/talk/chat/ROOM/?token=TOKEN` (spec/hipochat.md §2). Who it is and whether it may be there is known
 * before the handshake is completed, so that whoever sees its socket open misses no message. Pages of all origins may
 * connect: only the token counts, never a cookie.
 *
 * Attack: an upgrade that waits for the app holds its link, its request (16 KiB) and at most 64 KiB that came after it.
 * Its link counts as every other one; at most `--max-hooks-waiting` of them wait, each as long as a link may take to
 * say who it is.
 */
export class TalkUpgrades {
  readonly #parts: TalkUpgradesParts
  readonly #sockets = new Set<Socket>()
  /** Questions under way: a link may be gone before its answer is there. */
  #waiting = 0

  constructor(parts: TalkUpgradesParts) {
    this.#parts = parts
  }

  /** Resolves with the status of the answer. Never rejects. */
  async answer(upgrade: Upgrade, room: string): Promise<number> {
    const address = this.#parts.addresses.clientOf(upgrade.request)
    // Nobody enters by a handshake that will not be completed.
    if (!isHandshake(upgrade.request)) return this.#parts.webSockets.open(upgrade, refuseAll)
    const refusal = this.#refusalFor(address)
    if (refusal !== undefined) return refuse(upgrade, refusal)
    try {
      const token = this.#tokenOf(upgrade)
      const entering = this.#enter({ room, token, address, upgrade })
      const entrance = await this.#waitFor(entering, upgrade.socket)
      return entrance === 'gone' ? goneStatus : this.#open(upgrade, { entrance, address })
    } catch (error) {
      return this.#turnAway(upgrade, error)
    }
  }

  /** Ends the links that still wait, without ceremony. */
  close(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  async #waitFor(entering: Promise<Entrance>, socket: Socket): Promise<Entrance | 'gone'> {
    const { clock, settings } = this.#parts
    this.#sockets.add(socket)
    try {
      return await waitFor(entering, socket, { clock, timeoutMs: settings.connectTimeoutMs })
    } finally {
      this.#sockets.delete(socket)
    }
  }

  #refusalFor(address: string): Refusal | undefined {
    const { door, isDraining, settings, telemetry } = this.#parts
    if (isDraining()) return new Refusal('draining')
    if (this.#waiting < settings.maxHooksWaiting) return door.admits(address)
    telemetry.limit('max-hooks-waiting')
    return new Refusal('app_busy')
  }

  #tokenOf({ request }: Upgrade): string | undefined {
    const { maxBodyBytes } = this.#parts.settings
    const url = request.url ?? ''
    return readFields({ url, kind: 'form', body: undefined, maxBytes: maxBodyBytes }).text('token')
  }

  /** Counts as waiting until the app and the store have answered, whatever becomes of the link meanwhile. */
  async #enter(wish: {
    room: string
    token: string | undefined
    address: string
    upgrade: Upgrade
  }): Promise<Entrance> {
    const { room, address, upgrade } = wish
    const token = wish.token ?? ''
    this.#waiting += 1
    try {
      const profile = await this.#parts.logins.authenticate(token, address)
      // Nobody becomes a member who has gone.
      if (upgrade.socket.destroyed) throw new Refusal('goodbye')
      return await this.#parts.rooms.enter({ room, profile, token })
    } finally {
      this.#waiting -= 1
    }
  }

  #open(upgrade: Upgrade, { entrance, address }: { entrance: Entrance; address: string }): number {
    const { door, rooms, webSockets } = this.#parts
    const refusal = this.#parts.isDraining() ? new Refusal('draining') : door.admits(address)
    if (refusal !== undefined) return refuse(upgrade, refusal)
    const arrive = rooms.arrive(entrance)
    const { room } = entrance
    return webSockets.open(upgrade, (link) =>
      door.accept(link, { protocol: 'talk', transport: 'websocket', address, room, arrive }),
    )
  }

  /** What Hipochat said in a message stays one, for pages read no status of a handshake. */
  #turnAway(upgrade: Upgrade, error: unknown): number {
    const refusal = this.#toRefusal(error)
    if (refusal.limit !== undefined) this.#parts.telemetry.limit(refusal.limit)
    if (isHttp(refusal)) return refuse(upgrade, refusal)
    return this.#parts.webSockets.open(upgrade, (link: Link) => {
      link.write([{ text: errorMessage(refusal.message) }])
      throw refusal
    })
  }

  #toRefusal(error: unknown): Refusal {
    // On a link it is an end.
    if (error instanceof Refusal)
      return error.code === 'not_member' ? new Refusal('shut_out') : error
    this.#parts.telemetry.failure('talk', error)
    return new Refusal(error instanceof Failure ? 'store_failed' : 'internal')
  }
}

/** What a WebSocket handshake must have (RFC 6455 §4.2.1). */
function isHandshake({ method, headers }: IncomingMessage): boolean {
  const key = headers['sec-websocket-key'] ?? ''
  const version = headers['sec-websocket-version']
  return (
    method === 'GET' && /^[+/0-9A-Za-z]{22}==$/.test(key) && (version === '13' || version === '8')
  )
}

function refuseAll(): never {
  throw new Refusal('invalid_body')
}

/** About the request itself or its address, not about a user and a room. */
function isHttp({ code }: Refusal): boolean {
  return (
    code === 'too_many_logins' ||
    code === 'repeated_field' ||
    code === 'invalid_body' ||
    code === 'connect_timeout'
  )
}

function refuse({ socket }: Upgrade, refusal: Refusal): number {
  answerRefusal(socket, refusal)
  return refusal.status
}
