import { createLocalBusHub } from '../../src/buses/local.ts'
import { configOf } from '../../src/config/config-of.ts'
import type { Inbound } from '../../src/core/acceptor.ts'
import type { Core, CoreParts } from '../../src/core/core.ts'
import { createCore, type RunningCore } from '../../src/core/create-core.ts'
import { inOrder } from '../../src/core/message-list.ts'
import type {
  App,
  Bus,
  Encoded,
  Gate,
  GateName,
  Link,
  Notice,
  OwnMessage,
  Random,
  Stores,
  Telemetry,
  Verdict,
  Web,
} from '../../src/core/ports.ts'
import type { Protocol } from '../../src/core/protocol.ts'
import type { CoreSettings } from '../../src/core/settings.ts'
import { hookboxProtocol } from '../../src/protocols/hookbox/protocol.ts'
import { createMemoryStores } from '../../src/stores/memory/index.ts'
import { Faults, withFaults } from './faults.ts'
import { Inbox } from './inbox.ts'
import { createManualClock, type ManualClock } from './manual-clock.ts'
import { seeded } from './seeded.ts'

/** Nodes without sockets: the real core, memory stores and local bus, with an app, a clock and links of the test. */
export interface CoreWorld {
  readonly app: FakeApp
  readonly clock: CountingClock
  /** Without any node's faults. */
  readonly stores: Stores
  node(options?: NodeOptions): Promise<Node>
}

interface NodeOptions {
  readonly settings?: Partial<CoreSettings>
  /** Changes the node's end of the bus. */
  readonly bus?: (bus: Bus) => Bus
  readonly protocol?: Protocol
  readonly roomLayer?: CoreParts['roomLayer']
}

/** One node. */
export interface Node {
  readonly core: Core
  readonly running: RunningCore
  readonly faults: Faults
  readonly telemetry: Memo
  /** A link without CONNECT. */
  open(): Browser
  /** A link whose CONNECT was accepted. */
  login(user: string): Promise<Browser>
}

/** A frame as a version 1 client reads it. */
export type Frame = readonly [id: number, name: string, args: Record<string, unknown>]

/** The memory of what a core reported. */
export class Memo implements Telemetry {
  readonly failures: { stage: string; error: unknown }[] = []
  readonly limits: string[] = []
  readonly events: string[] = []

  failure(stage: string, error: unknown): void {
    this.failures.push({ stage, error })
  }

  limit(limit: string): void {
    this.limits.push(limit)
  }

  event(name: string): void {
    this.events.push(name)
  }
}

type Answer = readonly [allowed: boolean, answer: Record<string, unknown>]

/** The web app: allows everything unless told otherwise; CONNECT's payload is the user's name. */
export class FakeApp implements App {
  readonly asked: Gate[] = []
  readonly told: Notice[] = []
  readonly answers = new Map<GateName, (gate: Gate) => Answer | Promise<Answer>>()

  constructor() {
    this.answers.set('connect', (gate) => [true, { name: JSON.parse(field(gate, 'payload')) }])
  }

  async ask(gate: Gate): Promise<Verdict> {
    this.asked.push(gate)
    const [allowed, answer] = (await this.answers.get(gate.hook)?.(gate)) ?? [true, {}]
    return { allowed, answer, setCookies: [], requestId: `msg_${this.asked.length}` }
  }

  async tell(notice: Notice): Promise<void> {
    this.told.push(notice)
  }

  /** How often a hook was asked. */
  count(hook: GateName): number {
    return this.asked.filter((gate) => gate.hook === hook).length
  }
}

/** A form field of a gate, `''` where it has none. */
function field(gate: Gate, name: string): string {
  return gate.form.find(([key]) => key === name)?.[1] ?? ''
}

/** A manual clock that counts the timers set. */
export interface CountingClock extends ManualClock {
  readonly timers: number
}

/** See CountingClock. */
export function createCountingClock(): CountingClock {
  const clock = createManualClock(1_790_000_000_000)
  let timers = 0
  return {
    ...clock,
    after(ms, run) {
      timers += 1
      return clock.after(ms, run)
    },
    get timers() {
      return timers
    },
  }
}

/** A link of the test: remembers each write. */
export class FakeLink implements Link {
  readonly writes: (readonly Encoded[])[] = []
  readonly frames = new Inbox<Frame>(JSON.stringify)
  pendingBytes = 0
  /** The network takes nothing: all that is written from now on is pending. */
  isStuck = false
  isPaused = false
  /** Undefined: as of a transport that cannot tell. */
  declare heardAt: number
  closed: { readonly code: number; readonly reason: string } | undefined

  write(messages: readonly Encoded[], own?: readonly OwnMessage[]): void {
    const encoded = inOrder(messages, own)
    this.writes.push(encoded)
    for (const { text } of encoded) {
      this.frames.push(JSON.parse(text) as Frame)
      if (this.isStuck) this.pendingBytes += text.length
    }
  }

  close(code: number, reason: string): void {
    this.closed ??= { code, reason }
  }

  pause(): void {
    this.isPaused = true
  }

  resume(): void {
    this.isPaused = false
  }
}

/** One browser on a node. */
export class Browser {
  readonly link: FakeLink
  readonly #inbound: Inbound
  #lastId = 0

  constructor(link: FakeLink, inbound: Inbound) {
    this.link = link
    this.#inbound = inbound
  }

  /** Sends one frame; its id. */
  send(name: string, args: Record<string, unknown>): number {
    this.#lastId += 1
    this.write(`${JSON.stringify([this.#lastId, name, args])}\r\n`)
    return this.#lastId
  }

  write(text: string): void {
    this.#inbound.receive(text)
  }

  publish(channel: string, value: unknown): number {
    return this.send('PUBLISH', { channel_name: channel, payload: JSON.stringify(value) })
  }

  /** The next unread frame of that name. */
  next(name: string): Promise<Frame> {
    return this.link.frames.next(name, (frame) => frame[1] === name)
  }

  /** Subscribes and awaits the snapshot. */
  async subscribe(channel: string): Promise<Frame> {
    this.send('SUBSCRIBE', { channel_name: channel })
    return this.link.frames.next(
      'snapshot',
      ([, name, args]) =>
        name === 'SUBSCRIBE' && args['channel_name'] === channel && 'history' in args,
    )
  }

  /** Frames so far of that name. */
  all(name: string): Frame[] {
    return this.link.frames.all.filter((frame) => frame[1] === name)
  }

  /** Payloads of the publishes so far. */
  get payloads(): unknown[] {
    return this.all('PUBLISH').map(([, , args]) => args['payload'])
  }

  /** The link is gone. */
  end(): void {
    this.#inbound.end('unclean')
  }
}

const noWeb: Web = {
  check: async () => {},
  fetch: async () => ({ status: 500, body: '' }),
}

/** See CoreWorld. */
export function createCoreWorld(parts: { readonly web?: Web } = {}): CoreWorld {
  const clock = createCountingClock()
  const stores = createMemoryStores({ now: clock.now })
  const hub = createLocalBusHub()
  const app = new FakeApp()
  const random = createRandom(1)
  let nodes = 0
  return {
    app,
    clock,
    stores,
    node: async (options = {}) => {
      nodes += 1
      const nodeId = `n${nodes}`
      const { bus: change = (bus) => bus, protocol = hookboxProtocol } = options
      const faults = new Faults()
      const telemetry = new Memo()
      const running = createCore({
        nodeId,
        settings: { ...configOf({}), ...options.settings },
        stores: withFaults(stores, faults),
        bus: change(hub.bus(nodeId)),
        app,
        web: parts.web ?? noWeb,
        clock,
        random,
        telemetry,
        ...(options.roomLayer === undefined ? {} : { roomLayer: options.roomLayer }),
        notify: (notice) => app.tell(notice),
      })
      await running.start()
      return nodeOf({ running, faults, telemetry, protocol })
    },
  }
}

function nodeOf(parts: {
  running: RunningCore
  faults: Faults
  telemetry: Memo
  protocol: Protocol
}): Node {
  const { running, protocol } = parts
  const open = () => {
    const link = new FakeLink()
    const origin = { transport: 'fake', address: '192.0.2.1' }
    return new Browser(link, running.acceptor.accept(link, protocol, origin))
  }
  return {
    ...parts,
    core: running.core,
    open,
    login: async (user) => {
      const browser = open()
      browser.send('CONNECT', { cookie_string: '', payload: JSON.stringify(user) })
      await browser.next('CONNECTED')
      return browser
    },
  }
}

/** Random numbers that repeat with their seed. */
export function createRandom(seed: number): Random {
  const float = seeded(seed)
  return {
    float,
    hex: (count) =>
      Array.from({ length: 2 * count }, () => Math.floor(float() * 16).toString(16)).join(''),
  }
}

/** Lets everything that is under way in memory come to rest: turns of the event loop, no time. */
export async function atRest(turns = 30): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve))
  }
}
