import { createLocalBusHub } from './buses/local.ts'
import type { Config } from './config/config.ts'
import { settings } from './config/schema.ts'
import { checkChanges, ForbiddenChange } from './config/set-config.ts'
import type { Acceptor } from './core/acceptor.ts'
import { createCore, type RunningCore } from './core/create-core.ts'
import { Refusal } from './core/errors.ts'
import type { App, Bus, Clock, Profiles, Random, Stores } from './core/ports.ts'
import { bareHost, createApp, createWeb, type HttpApp, startOutboxWorker } from './hooks/index.ts'
import { createListener, type Listener } from './http/listener.ts'
import type { RestOperations } from './http/rest/operations.ts'
import { openProfiles, prepareRooms } from './open-rooms.ts'
import { openStores } from './open-stores.ts'
import { hookboxProtocol } from './protocols/hookbox/protocol.ts'
import { createTalk } from './protocols/talk/protocol.ts'
import { createRestOperations } from './rest-operations.ts'
import type { Rooms } from './rooms/rooms.ts'
import { readStaticFiles } from './static-files.ts'
import { systemClock, systemRandom } from './system.ts'
import { createTelemetry, type ServerTelemetry } from './telemetry/index.ts'
import type { ConnectionDoor } from './transports/door.ts'

/** Adapters in place of the configured ones: for tests, and for several nodes in one process. */
export interface ServerParts {
  /** Shared by the nodes that are given the same ones; not closed with the server. */
  readonly stores?: Stores
  readonly bus?: Bus
  readonly app?: App
  readonly profiles?: Profiles
  readonly clock?: Clock
  readonly random?: Random
  /** Begins this node's id; each start adds its own end, so that a restarted node is another one. */
  readonly nodeId?: string
}

/** A running Offhook. */
export interface Server {
  /** Where browsers reach it, e.g. `http://127.0.0.1:8001`. */
  readonly url: string
  readonly port: number
  /** REST's own port, where it has one. */
  readonly webApi?: { readonly port: number }
  /** What the operator should know, one sentence each. */
  readonly notices: readonly string[]
  /** How many connections there are now. */
  readonly connections: number
  /** Drains (G10): clients are told to come back, hooks in flight finish, nobody leaves anything. */
  close(): Promise<void>
}

/** Starts a server. Rejects with Failure (store, log files) or Node's error (`EADDRINUSE`); nothing stays open then. */
export async function createServer(config: Config, parts: ServerParts = {}): Promise<Server> {
  const clock = parts.clock ?? systemClock
  const random = parts.random ?? systemRandom
  const notices: string[] = []
  const { onEnd, closeAll } = createEnds()
  try {
    const telemetry = createTelemetry({ ...config, secrets: secretsOf(config) })
    onEnd(() => telemetry.close())
    const stores = parts.stores ?? (await openOwnStores(config, { clock, notices, onEnd }))
    const nodeId = `${parts.nodeId ?? 'node'}-${random.hex(6)}`
    const bus = parts.bus ?? createLocalBusHub().bus(nodeId)
    onEnd(() => bus.close())
    const hooks = parts.app ?? openApp(config, { telemetry, onEnd })
    const web = createWeb({ ...config, hookHosts: hookHostsOf(config) })
    onEnd(() => web.close())
    const lease = { leases: stores.leases, owner: nodeId }
    const profiles =
      parts.profiles ?? openProfiles(config, { telemetry, onEnd, otherSecrets: secretsOf(config) })
    const rooms = prepareRooms(config, { profiles, wake: () => outbox.wake() })
    const { expand, laneOf } = rooms
    const worker = { outbox: stores.outbox, app: hooks, clock, telemetry, lease, expand, laneOf }
    const outbox = startOutboxWorker(worker)
    onEnd(() => outbox.stop())
    const running = createCore({
      nodeId,
      settings: config,
      stores,
      bus,
      app: hooks,
      web,
      clock,
      random,
      telemetry,
      roomLayer: (core) => rooms.layer(core),
      notify: (notice, context) => outbox.send(notice, context),
    })
    await running.start()
    const { made } = rooms
    const listener = openListener(config, {
      running,
      rooms: made,
      hooks,
      clock,
      telemetry,
      notices,
    })
    // After the links have ended: how far each was told is known only then.
    onEnd(() => made.stop())
    onEnd(() => running.stop())
    const bound = await listener.listen()
    return {
      url: urlOf(config.interface, bound.port),
      port: bound.port,
      ...(bound.webApi === undefined ? {} : { webApi: { port: bound.webApi.port } }),
      notices,
      get connections() {
        return running.core.hub.connections.size
      },
      close: once(async () => {
        listener.drain()
        const closed = listener.close(config.drainTimeoutMs)
        await stayAlive(Promise.all([closeAll(), closed]))
      }),
    }
  } catch (error) {
    await stayAlive(closeAll())
    throw error
  }
}

type OnEnd = (end: () => Promise<void>) => void

/** What has been opened ends in the opposite order, all of it, whatever fails. */
function createEnds(): { onEnd: OnEnd; closeAll: () => Promise<void> } {
  const ends: (() => Promise<void>)[] = []
  return {
    onEnd: (end) => {
      ends.unshift(end)
    },
    closeAll: async () => {
      const failures: unknown[] = []
      for (const end of ends) {
        await end().catch((error: unknown) => failures.push(error))
      }
      if (failures.length > 0) throw failures[0]
    },
  }
}

/** The core's timers let a process end; one that waits for them must not end half way. */
async function stayAlive(work: Promise<unknown>): Promise<void> {
  const alive = setInterval(() => {}, 1000)
  try {
    await work
  } finally {
    clearInterval(alive)
  }
}

function once(act: () => Promise<void>): () => Promise<void> {
  let run: Promise<void> | undefined
  return () => {
    run ??= act()
    return run
  }
}

async function openOwnStores(
  config: Config,
  parts: { clock: Clock; notices: string[]; onEnd: OnEnd },
): Promise<Stores> {
  const onProblem = (problem: string) => parts.notices.push(problem)
  const stores = await openStores(config, { clock: parts.clock, onProblem })
  parts.onEnd(() => stores.close())
  return stores
}

function openApp(config: Config, parts: { telemetry: ServerTelemetry; onEnd: OnEnd }): HttpApp {
  const { telemetry } = parts
  const app = createApp({ ...config, otherSecrets: secretsOf(config) }, { telemetry })
  parts.onEnd(() => app.close())
  return app
}

interface ListenerNeeds {
  readonly running: RunningCore
  readonly rooms: Rooms
  readonly hooks: App
  readonly clock: Clock
  readonly telemetry: ServerTelemetry
  readonly notices: string[]
}

function openListener(config: Config, needs: ListenerNeeds): Listener {
  const { running, rooms, hooks, clock, telemetry, notices } = needs
  const { core, acceptor } = running
  const { files, missing } = readStaticFiles()
  if (missing.length > 0) notices.push(`not built, so not served: ${missing.join(', ')}`)
  const setConfig = createSetConfig(config, {
    hooks,
    telemetry,
    onToken: (token) => listener.setApiToken(token),
  })
  const listener: Listener = createListener({
    settings: config,
    operations: createRestOperations(core, setConfig, rooms),
    ...(config.talkProfileUrl === '' ? {} : { talk: { rooms, settings: config } }),
    door: createDoor(config, acceptor),
    ready: () => readiness(core.stores),
    files,
    clock,
    telemetry,
    ...(telemetry.access === undefined ? {} : { accessLog: telemetry.access }),
  })
  return listener
}

/** Each link gets the protocol of its path. */
function createDoor(config: Config, acceptor: Acceptor): ConnectionDoor {
  const { talkCompat: compat, talkRegularType: regularType } = config
  const talkProtocol = createTalk({ compat, regularType })
  return {
    admits: () => acceptor.admits(),
    accept: (link, from) => {
      const protocol = from.protocol === 'talk' ? talkProtocol(from.room) : hookboxProtocol
      return acceptor.accept(link, protocol, from)
    },
  }
}

async function readiness(stores: Stores): Promise<readonly string[]> {
  try {
    await stores.check()
    return []
  } catch {
    return ['store']
  }
}

/** `set_config` of REST: checked as a whole, then in force at once, until the process ends. */
function createSetConfig(
  config: Config,
  parts: { hooks: App; telemetry: ServerTelemetry; onToken: (token: string) => void },
): RestOperations['setConfig'] {
  return async ({ changes, address, method }) => {
    try {
      const checked = checkChanges(config, changes, method)
      const { apiToken, adminPassword, ...forHooks } = checked
      const changed = [apiToken, adminPassword, checked.hookSecret]
      const otherSecrets = [...secretsOf(config), ...changed].filter(
        (secret) => secret !== undefined,
      )
      parts.telemetry.hide(otherSecrets)
      if ('configure' in parts.hooks)
        (parts.hooks as HttpApp).configure({ ...forHooks, otherSecrets })
      if (apiToken !== undefined) parts.onToken(apiToken)
    } catch (error) {
      if (!(error instanceof ForbiddenChange)) throw error
      throw new Refusal('invalid_option', error.message, { cause: error })
    }
    parts.telemetry.event('set_config', { names: Object.keys(changes).join(' '), address })
  }
}

function hookHostsOf(config: Config): string[] {
  return config.hookOrigins.map((origin) => bareHost(new URL(origin).hostname))
}

function secretsOf(config: Config): string[] {
  const secrets: string[] = []
  for (const [key, setting] of settings) {
    if (!setting.secret) continue
    const value = config[key]
    if (typeof value === 'string' && value !== '') secrets.push(value)
    else if (Array.isArray(value)) secrets.push(...value)
  }
  // A signing secret is one also without the prefix that says what it is.
  return [...secrets, ...secrets.map((secret) => secret.replace(/^whsec_/, ''))]
}

function urlOf(host: string, port: number): string {
  const shown = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  return `http://${shown.includes(':') ? `[${shown}]` : shown}:${port}`
}
