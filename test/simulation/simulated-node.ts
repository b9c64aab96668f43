import { configOf } from '../../src/config/config-of.ts'
import type { CoreParts } from '../../src/core/core.ts'
import { createCore, type RunningCore } from '../../src/core/create-core.ts'
import { Failure, Refusal } from '../../src/core/errors.ts'
import type { Telemetry, Web } from '../../src/core/ports.ts'
import type { CoreSettings } from '../../src/core/settings.ts'
import { startOutboxWorker } from '../../src/hooks/outbox-worker.ts'
import { hookboxProtocol } from '../../src/protocols/hookbox/protocol.ts'
import type { Dice } from './dice.ts'
import type { Judge } from './judge.ts'
import type { Plan } from './plan.ts'
import type { SimulatedApp } from './simulated-app.ts'
import type { SimulatedBus } from './simulated-bus.ts'
import { type LinkListener, SimulatedLink } from './simulated-link.ts'
import type { SimulatedStore } from './simulated-store.ts'
import { clockOf, Life, type Timeline } from './timeline.ts'

/** What a node stands on. */
export interface NodeParts {
  readonly timeline: Timeline
  readonly dice: Dice
  readonly judge: Judge
  readonly plan: Plan
  readonly store: SimulatedStore
  readonly bus: SimulatedBus
  readonly app: SimulatedApp
  /** Breaks a part on purpose, to see whether the checker notices. */
  readonly sabotage: (parts: CoreParts) => CoreParts
}

const web: Web = { check: async () => {}, fetch: async () => ({ status: 500, body: '' }) }
const defaults: CoreSettings = configOf({})

/** A machine that runs the real core, dies now and then, and comes back as a new node. */
export class SimulatedNode {
  readonly name: string
  running: RunningCore | undefined
  readonly #parts: NodeParts
  readonly #dice: Dice
  readonly #links = new Set<SimulatedLink>()
  #life = new Life()
  #incarnation = 0
  #isReady = false

  constructor(name: string, parts: NodeParts) {
    this.name = name
    this.#parts = parts
    this.#dice = parts.dice.fork(name)
  }

  /** Takes links. */
  get isReady(): boolean {
    return this.#isReady
  }

  get nodeId(): string {
    return `${this.name}.${this.#incarnation}`
  }

  start(): void {
    if (this.running !== undefined) return
    const life = new Life()
    this.#life = life
    this.#incarnation += 1
    const running = this.#create(life)
    this.running = running
    this.#parts.judge.note(() => `${this.nodeId} starts`)
    running.start().then(
      () => {
        if (!life.isOver) this.#isReady = true
      },
      () => this.#startAgain(life),
    )
  }

  /** Dies at once, with everything it had not handed over. */
  crash(): void {
    if (this.running === undefined) return
    this.#parts.judge.note(() => `${this.nodeId} crashes`)
    this.#end()
  }

  /** Ends in order (G10). */
  drain(): void {
    const { running } = this
    const life = this.#life
    if (running === undefined || !this.#isReady) return
    this.#parts.judge.note(() => `${this.nodeId} drains`)
    this.#isReady = false
    const end = () => {
      if (!life.isOver) this.#end()
    }
    running.stop().then(end, end)
  }

  /** The browser's link, or undefined where nobody listens. */
  accept(listener: LinkListener): { link: SimulatedLink; connection: string } | undefined {
    const { running } = this
    if (running === undefined || !this.#isReady) return undefined
    if (running.acceptor.admits() !== undefined) return undefined
    const { timeline } = this.#parts
    const link = new SimulatedLink({ timeline, dice: this.#dice, life: this.#life, listener })
    const origin = { transport: 'simulated', address: '192.0.2.1' }
    link.inbound = running.acceptor.accept(link, hookboxProtocol, origin)
    this.#links.add(link)
    return { link, connection: [...running.core.hub.connections.keys()].at(-1) ?? '' }
  }

  /** One of the open links, for what may happen to links. */
  pickLink(): SimulatedLink | undefined {
    for (const link of this.#links) if (!link.isOpen) this.#links.delete(link)
    return this.#links.size === 0 ? undefined : this.#dice.pick([...this.#links])
  }

  #end(): void {
    this.#life.isOver = true
    this.#isReady = false
    this.running = undefined
    this.#parts.bus.forget(this.nodeId)
    for (const link of this.#links) link.die()
    this.#links.clear()
  }

  #startAgain(life: Life): void {
    if (life.isOver) return
    this.#end()
    this.#parts.timeline.after(2000, () => this.start())
  }

  #create(life: Life): RunningCore {
    const { timeline, plan, store, bus, app, sabotage } = this.#parts
    const { nodeId } = this
    const skewMs = this.#dice.between(-plan.skewMs, plan.skewMs)
    const clock = clockOf(timeline, life, skewMs)
    const telemetry = this.#telemetry(life)
    const stores = store.open(nodeId, life)
    const reached = app.open(life)
    const parts: CoreParts = sabotage({
      nodeId,
      settings: { ...defaults, ...plan.settings },
      stores,
      bus: bus.open(nodeId, life),
      app: reached,
      web,
      clock,
      random: this.#dice.fork(nodeId),
      telemetry,
      notify: (notice, context) => outbox.send(notice, context),
    })
    const outbox = startOutboxWorker({
      outbox: stores.outbox,
      app: reached,
      clock,
      telemetry,
      lease: { leases: stores.leases, owner: nodeId },
    })
    return createCore(parts)
  }

  /** Failures are expected; what is none of the known kinds is a bug that the core caught at its edge. */
  #telemetry(life: Life): Telemetry {
    const { judge } = this.#parts
    const { nodeId } = this
    return {
      failure: (stage, error, context) => {
        if (life.isOver) return
        judge.note(() => `${nodeId} reports ${stage} ${JSON.stringify(context)}: ${String(error)}`)
        if (error instanceof Failure || error instanceof Refusal) return
        judge.violated('bug', `${stage}: ${error instanceof Error ? error.stack : String(error)}`)
      },
      limit: (limit) => judge.note(() => `${nodeId} reaches ${limit}`),
      event: (name, context) =>
        judge.note(() => `${nodeId}: ${name} ${JSON.stringify(context ?? {})}`),
    }
  }
}
