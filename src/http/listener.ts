import type { AddressInfo } from 'node:net'
import type { Clock, Telemetry } from '../core/ports.ts'
import { createCspTransport } from '../transports/csp.ts'
import type { ConnectionDoor } from '../transports/door.ts'
import { createWebSocketTransport } from '../transports/websocket.ts'
import type { AccessLog } from './access-log.ts'
import { createAddresses } from './address.ts'
import { ConnectionCaps } from './caps.ts'
import { mountCsp } from './csp.ts'
import { FailedLogins } from './failed-logins.ts'
import { createFront, type Front, type FrontParts } from './front.ts'
import { mountHealth } from './health.ts'
import { createMainFront } from './main-front.ts'
import { createOriginJudge } from './origin.ts'
import { createDirectDoor } from './rest/direct.ts'
import { mountRest } from './rest/door.ts'
import type { RestOperations } from './rest/operations.ts'
import { Secret } from './secret.ts'
import type { HttpSettings } from './settings.ts'
import { mountStatic, type StaticFiles } from './static.ts'

/** What the listener stands on. */
export interface ListenerParts {
  readonly settings: HttpSettings
  readonly operations: RestOperations
  readonly door: ConnectionDoor
  /** Reason codes why this node is not ready, none = ready. */
  readonly ready: () => Promise<readonly string[]>
  readonly files: StaticFiles
  readonly clock: Clock
  readonly telemetry: Telemetry
  readonly accessLog?: AccessLog
}

/** Where a port listens. */
export interface Bound {
  readonly port: number
  readonly address: string
}

/** The one listener of browsers and the app, and REST's own port where it has one. */
export interface Listener {
  /** Rejects with Node's error (`EADDRINUSE`, …; its `port` says which) and then listens nowhere. */
  listen(): Promise<Bound & { readonly webApi?: Bound }>
  /** From now on: not ready, and no new links. */
  drain(): void
  /** `set_config`: takes effect with the next call. Empty turns REST off. */
  setApiToken(token: string): void
  /** Takes no new requests, waits for those under way, and ends what is left after `graceMs`. */
  close(graceMs: number): Promise<void>
}

/** Makes the listener; nothing is open before `listen`. */
export function createListener(parts: ListenerParts): Listener {
  const { settings, clock } = parts
  let isDraining = false
  const addresses = createAddresses(settings.trustProxy, parts)
  const judge = createOriginJudge(settings)
  const caps = new ConnectionCaps({
    total: settings.maxConnections,
    perAddress: settings.maxConnectionsPerAddress,
  })
  const token = new Secret(settings.apiToken)
  const rest = {
    ...parts,
    token,
    addresses,
    failedLogins: new FailedLogins(settings.maxFailedLogins, clock),
  }
  const { accessLog } = parts
  const common = { ...parts, accessLog, addresses, isDraining: () => isDraining }
  const webSockets = createWebSocketTransport({ ...parts, addresses, judge })
  const csp = createCspTransport({ ...common, judge, caps })

  const isOwn = settings.webApiPort !== null
  const direct = createDirectDoor({ ...rest, ...common })
  const main = createMainFront({ ...common, caps, webSockets, ...(isOwn ? {} : { direct }) })
  mountHealth(main.app, { ...common, check: parts.ready })
  mountCsp(main.app, csp)
  mountStatic(main.app, parts.files, (request) =>
    judge({
      door: 'static',
      headers: request.raw.headers,
      scheme: addresses.schemeOf(request.raw),
    }),
  )
  const own = isOwn ? createOwnFront({ ...common, direct }) : undefined
  mountRest((own ?? main).app, own === undefined ? 'main' : 'own', rest)
  const fronts = own === undefined ? [main] : [main, own]

  async function close(graceMs: number): Promise<void> {
    isDraining = true
    const endAll = (): void => {
      for (const front of fronts) front.server.closeAllConnections()
      webSockets.close()
      csp.close()
    }
    const cancel = clock.after(graceMs, endAll)
    const closing = fronts.map((front) => front.app.close())
    for (const front of fronts) front.closeUnused()
    await Promise.all(closing)
    cancel()
    webSockets.close()
    csp.close()
  }

  return {
    async listen() {
      try {
        const bound = await bind(main, { port: settings.port, host: settings.interface })
        if (own === undefined || settings.webApiPort === null) return bound
        const host = settings.webApiInterface || settings.interface
        return { ...bound, webApi: await bind(own, { port: settings.webApiPort, host }) }
      } catch (error) {
        await close(0)
        throw error
      }
    },
    drain() {
      isDraining = true
    },
    setApiToken: (text) => token.set(text),
    close,
  }
}

/** REST alone: the browsers' caps do not count here. */
function createOwnFront(
  parts: Omit<FrontParts, 'gate' | 'isRestPath' | 'maxLinks' | 'settings'> & {
    readonly settings: HttpSettings
  },
): Front {
  return createFront({
    ...parts,
    maxLinks: parts.settings.maxConnections,
    gate: () => undefined,
    isRestPath: () => true,
  })
}

async function bind(front: Front, to: { port: number; host: string }): Promise<Bound> {
  await front.app.listen(to)
  const { port, address } = front.server.address() as AddressInfo
  return { port, address }
}
