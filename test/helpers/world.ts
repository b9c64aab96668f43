import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect } from 'vitest'
import { createLocalBusHub } from '../../src/buses/local.ts'
import { readConfig } from '../../src/config/read-config.ts'
import type { Bus, Stores } from '../../src/core/ports.ts'
import { createServer, type Server } from '../../src/server.ts'
import { createMemoryStores } from '../../src/stores/memory/index.ts'
import { startApp, type TestApp } from './app.ts'
import { createChaosBus } from './chaos-bus.ts'
import { type Client, type ClientOptions, openClient } from './client.ts'
import type { ManualClock } from './manual-clock.ts'
import { Rest } from './rest.ts'

/** What the scenarios run on. */
export const worldKinds = ['one node, memory', 'one node, level', 'two nodes', 'chaos'] as const
export type WorldKind = (typeof worldKinds)[number]

/** Kinds for whatever does not promise delivery over a bus that loses messages. */
export const reliableKinds: readonly WorldKind[] = worldKinds.slice(0, 3)

/** For what has nothing to do with stores and nodes. */
export const oneKind: readonly WorldKind[] = ['one node, memory']

export interface WorldOptions {
  /** More flags, as one writes them on the command line. */
  readonly args?: readonly string[]
  /** Flags that say where the app is, instead of `--app-url`. */
  readonly appArgs?: (app: TestApp) => readonly string[]
  readonly clock?: ManualClock
  /** Stands between the nodes and their memory store. */
  readonly wrapStores?: (stores: Stores) => Stores
  /** Sees what the nodes tell each other. */
  readonly tapBus?: (said: unknown) => void
  /** `null`: no REST. */
  readonly token?: string | null
}

export interface LoginOptions extends ClientOptions {
  readonly node?: number
  /** Cookies besides `user=NAME`. */
  readonly cookies?: string
  readonly payload?: string
}

/** Offhook on one or two nodes with a real app, as one scenario sees it. */
export interface World {
  readonly kind: WorldKind
  readonly app: TestApp
  readonly nodes: readonly Server[]
  /** Where the store's files are, of a kind that has them. */
  readonly folder: string | undefined
  /** Calls go to the nodes in turn, beginning with the last. */
  readonly rest: Rest
  /** A link without CONNECT; nodes take turns unless one is named. */
  open(options?: ClientOptions & { readonly node?: number }): Promise<Client>
  /** A link whose CONNECT was accepted. */
  login(user: string, options?: LoginOptions): Promise<Client>
  /** Runs when the world stops, while its nodes still run. */
  onStop(act: () => void): void
  /** Stops every node and starts them again on the same store. */
  restart(): Promise<void>
  stop(): Promise<void>
}

export const apiToken = 'the-api-token'

/** Runs one set of scenarios on several kinds of world; each test starts its own. */
export function describeWorlds(
  title: string,
  kinds: readonly WorldKind[],
  define: (start: (options?: WorldOptions) => Promise<World>) => void,
): void {
  describe.each(kinds)(`${title} (%s)`, (kind) => {
    const started: World[] = []
    afterEach(async () => {
      const worlds = started.splice(0)
      await Promise.all(worlds.map((world) => world.stop()))
    })
    define(async (options) => {
      const world = await startWorld(kind, options)
      started.push(world)
      return world
    })
  })
}

/** Starts one world; `stop` fails if any client saw a breach of the wire format. */
async function startWorld(kind: WorldKind, options: WorldOptions = {}): Promise<World> {
  const app = await startApp()
  const ground = await createGround(kind, options.clock)
  const start = () => startNodes({ kind, app, ground, options })
  let nodes = await start()
  const clients: Client[] = []
  let turn = 0
  let stopping: Promise<void> | undefined
  const stopActs: (() => void)[] = []

  async function stop(): Promise<void> {
    for (const act of stopActs) act()
    for (const client of clients) client.socket.terminate()
    await stopNodes(nodes, options.clock)
    await app.close()
    await ground.remove()
    expect(clients.flatMap((client) => client.breaches)).toEqual([])
  }

  async function open(given: ClientOptions & { readonly node?: number } = {}): Promise<Client> {
    const node = nodes[given.node ?? turn++ % nodes.length]
    if (node === undefined) throw new Error('no such node')
    const client = await openClient(node.url, given)
    clients.push(client)
    return client
  }

  return {
    kind,
    app,
    folder: ground.folder,
    get nodes() {
      return nodes
    },
    get rest() {
      return restOf(nodes)
    },
    open,
    onStop: (act) => void stopActs.push(act),
    async login(user, given = {}) {
      const client = await open(given)
      const cookies = given.cookies === undefined ? '' : `; ${given.cookies}`
      client.send('CONNECT', {
        cookie_string: `user=${user}${cookies}`,
        payload: given.payload ?? 'null',
      })
      client.user = (await client.next('CONNECTED')).name ?? ''
      return client
    },
    async restart() {
      await stopNodes(nodes, options.clock)
      await ground.reopen()
      nodes = await start()
    },
    stop() {
      stopping ??= stop()
      return stopping
    },
  }
}

const rests = new WeakMap<readonly Server[], Rest>()

function restOf(nodes: readonly Server[]): Rest {
  let rest = rests.get(nodes)
  if (rest === undefined) {
    rest = new Rest(
      nodes.map((node) => node.url),
      apiToken,
    )
    rests.set(nodes, rest)
  }
  return rest
}

/** What outlives the nodes: the store, or its folder. */
interface Ground {
  readonly args: readonly string[]
  readonly folder: string | undefined
  readonly stores: Stores | undefined
  bus(node: string): Bus | undefined
  reopen(): Promise<void>
  remove(): Promise<void>
}

async function createGround(kind: WorldKind, clock?: ManualClock): Promise<Ground> {
  if (kind === 'one node, level') {
    const folder = await mkdtemp(join(tmpdir(), 'offhook-e2e-'))
    return {
      args: ['--store', `level:${folder}/data`],
      folder,
      stores: undefined,
      bus: () => undefined,
      reopen: async () => {},
      remove: () => rm(folder, { recursive: true, force: true }),
    }
  }
  const stores = createMemoryStores(clock === undefined ? {} : { now: () => clock.now() })
  let hub = createLocalBusHub()
  return {
    args: ['--store', 'memory'],
    folder: undefined,
    stores,
    bus(node) {
      if (kind === 'one node, memory') return undefined
      const bus = hub.bus(node)
      const seed = node === 'a' ? 11 : 23
      return kind === 'chaos'
        ? createChaosBus(bus, { drop: 0.1, repeat: 0.1, reorder: true, seed })
        : bus
    },
    async reopen() {
      hub = createLocalBusHub()
    },
    remove: () => stores.close(),
  }
}

interface Start {
  readonly kind: WorldKind
  readonly app: TestApp
  readonly ground: Ground
  readonly options: WorldOptions
}

async function startNodes({ kind, app, ground, options }: Start): Promise<Server[]> {
  const names = kind === 'two nodes' || kind === 'chaos' ? ['a', 'b'] : ['a']
  const { config } = await readConfig({
    argv: [
      ...['--port', '0', '--interface', '127.0.0.1'],
      ...(options.args?.includes('--log-level') ? [] : ['--log-level', 'silent']),
      ...(options.appArgs?.(app) ?? ['--app-url', `${app.origin}/hookbox`]),
      ...(options.token === null ? [] : ['--api-token', options.token ?? apiToken]),
      ...ground.args,
      ...(kind === 'chaos' ? ['--heal-interval', '0.2'] : []),
      ...(options.args ?? []),
    ],
    env: {},
    readFile: (path) => readFileSync(path, 'utf8'),
  })
  const wrap = options.wrapStores ?? ((stores: Stores) => stores)
  return Promise.all(
    names.map(async (nodeId) => {
      const bus = tapped(ground.bus(nodeId), options.tapBus)
      const server = await createServer(config, {
        nodeId,
        ...(ground.stores === undefined ? {} : { stores: wrap(ground.stores) }),
        ...(bus === undefined ? {} : { bus }),
        ...(options.clock === undefined ? {} : { clock: options.clock }),
      })
      let closing: Promise<void> | undefined
      const close = () => {
        closing ??= server.close()
        return closing
      }
      return { ...server, close }
    }),
  )
}

function tapped(bus: Bus | undefined, tap: WorldOptions['tapBus']): Bus | undefined {
  if (bus === undefined || tap === undefined) return bus
  return {
    publish(address, message) {
      tap([address, message])
      bus.publish(address, message)
    },
    async request(node, request, deadlineMs) {
      tap(request)
      const answer = await bus.request(node, request, deadlineMs)
      tap(answer)
      return answer
    },
    subscribe: (address) => bus.subscribe(address),
    unsubscribe: (address) => bus.unsubscribe(address),
    onMessage: (listener) => bus.onMessage(listener),
    onReset: (listener) => bus.onReset(listener),
    onRequest: (listener) => bus.onRequest(listener),
    close: () => bus.close(),
  }
}

/** A drain waits by the clock: where that is the test's, it goes on until all is closed. */
async function stopNodes(nodes: readonly Server[], clock?: ManualClock): Promise<void> {
  let closed = false
  const closing = Promise.all(nodes.map((node) => node.close())).finally(() => {
    closed = true
  })
  // Awaited below; until then a rejection is not unhandled.
  closing.catch(() => {})
  while (clock !== undefined && !closed) await clock.advance(10)
  await closing
}
