import { randomBytes } from 'node:crypto'
import { Refusal } from '../../core/errors.ts'
import type { Clock, Telemetry } from '../../core/ports.ts'
import type { Addresses } from '../../http/address.ts'
import type { ConnectionCaps } from '../../http/caps.ts'
import type { HttpSettings } from '../../http/settings.ts'
import type { ConnectionDoor } from '../door.ts'
import type { Exchange } from './exchange.ts'
import { CspSession, type SessionParts } from './session.ts'
import { CspTimes } from './times.ts'

/** What the sessions stand on. */
export interface SessionsParts {
  readonly settings: Pick<HttpSettings, 'maxFrameBytes' | 'maxWaitingBytes'>
  readonly door: ConnectionDoor
  readonly addresses: Addresses
  readonly caps: ConnectionCaps
  readonly clock: Clock
  readonly telemetry: Telemetry
  readonly isDraining: () => boolean
}

const keyBytes = 16
const maxStreamBytes = 524_288

/** The sessions of this node, by key. */
export class Sessions {
  readonly #parts: SessionsParts
  readonly #sessions = new Map<string, CspSession>()
  readonly #leases = new WeakMap<CspSession, () => void>()
  readonly #times: CspTimes
  readonly #shared: SessionParts

  constructor(parts: SessionsParts) {
    this.#parts = parts
    this.#times = new CspTimes(parts.clock)
    this.#shared = {
      times: this.#times,
      telemetry: parts.telemetry,
      // Half, so that what comes while the browser asks again does not make it a slow reader.
      maxUnacknowledgedBytes: Math.min(maxStreamBytes, parts.settings.maxWaitingBytes / 2),
      onGone: (session) => this.#forget(session),
    }
  }

  find(fields: ReadonlyMap<string, string>): CspSession | undefined {
    return this.#sessions.get(fields.get('s') ?? '')
  }

  /** Throws the Refusal of whoever does not let it in. */
  create({ request, fields }: Exchange, cookies: 'count' | 'do not count'): CspSession {
    const { addresses, caps, door, isDraining } = this.#parts
    const address = addresses.clientOf(request)
    const refusal = isDraining() ? new Refusal('draining') : door.admits(address)
    if (refusal !== undefined) throw refusal
    const release = caps.reserve(address)
    if (release instanceof Refusal) throw noticed(release, this.#parts.telemetry)
    const session = new CspSession(newKey(), this.#shared)
    this.#leases.set(session, release)
    this.#sessions.set(session.key, session)
    try {
      session.vary(fields)
      const cookie = cookies === 'count' ? request.headers.cookie : undefined
      session.open(
        door.accept(session, {
          protocol: 'hookbox',
          transport: 'csp',
          address,
          ...(cookie === undefined ? {} : { cookies: cookie }),
        }),
      )
    } catch (error) {
      this.#forget(session)
      throw error
    }
    return session
  }

  close(): void {
    for (const session of this.#sessions.values()) session.terminate()
    this.#times.close()
  }

  #forget(session: CspSession): void {
    this.#sessions.delete(session.key)
    this.#times.neverExpire(session)
    this.#times.neverWake(session)
    this.#leases.get(session)?.()
    this.#leases.delete(session)
  }
}

/** Attack: who knows a key is the user. Not from a port: it must not be guessable where ids are made to repeat. */
function newKey(): string {
  return randomBytes(keyBytes).toString('hex')
}

/** A cap that was reached, counted under its flag. */
export function noticed(refusal: Refusal, telemetry: Telemetry): Refusal {
  const isTotal = refusal.code === 'server_full'
  telemetry.limit(isTotal ? 'max-connections' : 'max-connections-per-address')
  return refusal
}
