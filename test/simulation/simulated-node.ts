import type { Config } from '../../src/config/config.ts'
import { configOf } from '../../src/config/config-of.ts'
import type { Inbound } from '../../src/core/acceptor.ts'
import type { Connection } from '../../src/core/connection.ts'
import type { CoreParts } from '../../src/core/core.ts'
import { createCore, type RunningCore } from '../../src/core/create-core.ts'
import { Failure, Refusal } from '../../src/core/errors.ts'
import type { Notice, Profiles, Telemetry, Web } from '../../src/core/ports.ts'
import type { Protocol } from '../../src/core/protocol.ts'
import { startOutboxWorker } from '../../src/hooks/outbox-worker.ts'
import { prepareRooms, type RoomsInTheMaking } from '../../src/open-rooms.ts'
import { hookboxProtocol } from '../../src/protocols/hookbox/protocol.ts'
import { createTalk } from '../../src/protocols/talk/protocol.ts'
import type { Entrance, Rooms } from '../../src/rooms/rooms.ts'
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
const defaults: Config = configOf({})
const talkProtocolOf = createTalk({ compat: 'seed', regularType: defaults.talkRegularType })

/** The user's name is its token. */
const profiles: Profiles = {
  profile: async (token) => ({ outcome: 'known', profile: profileOf(token) }),
}

/** What the app knows of a user. */
export function profileOf(user: string) {
  return { user, name: `${user} the user`, info: JSON.stringify({ id: user }) }
}

/** What a node is made of. */
interface Running {
  readonly core: RunningCore
  readonly rooms: RoomsInTheMaking
  readonly stopOutbox: () => Promise<void>
}

/** A machine that runs the real core, dies now and then, and comes back as a new node. */
export class SimulatedNode {
  readonly name: string
  readonly #parts: NodeParts
  readonly #dice: Dice
  readonly #links = new Set<SimulatedLink>()
  #running: Running | undefined
  #life = new Life()
  #incarnation = 0
  #isReady = false
  #isDraining = false
  /** It is to start again when it has drained. */
  #startsNext = false

  constructor(name: string, parts: NodeParts) {
    this.name = name
    this.#parts = parts
    this.#dice = parts.dice.fork(name)
  }

  /** Takes links. */
  get isReady(): boolean {
    return this.#isReady
  }

  get running(): RunningCore | undefined {
    return this.#running?.core
  }

  /** Its doors for Hipochat's clients and the app, while it takes requests. */
  get rooms(): Rooms | undefined {
    return this.#isReady ? this.#running?.rooms.made : undefined
  }

  get nodeId(): string {
    return `${this.name}.${this.#incarnation}`
  }

  start(): void {
    this.#startsNext = this.#isDraining
    if (this.#running !== undefined) return
    const life = new Life()
    this.#life = life
    this.#incarnation += 1
    const running = this.#create(life)
    this.#running = running
    this.#parts.judge.note(() => `${this.nodeId} starts`)
    running.core.start().then(
      () => {
        if (!life.isOver) this.#isReady = true
      },
      () => this.#startAgain(life),
    )
  }

  /** Dies at once, with everything it had not handed over. */
  crash(): void {
    if (this.#running === undefined) return
    this.#parts.judge.note(() => `${this.nodeId} crashes`)
    this.#end()
  }

  /** Ends in order (G10). */
  drain(): void {
    const running = this.#running
    const life = this.#life
    if (running === undefined || !this.#isReady) return
    this.#parts.judge.note(() => `${this.nodeId} drains`)
    this.#isReady = false
    this.#isDraining = true
    const end = () => {
      if (life.isOver) return
      this.#end()
      if (this.#startsNext) this.start()
    }
    const steps = [
      () => running.rooms.made.stop(),
      () => running.core.stop(),
      () => running.stopOutbox(),
    ]
    steps.reduce((before, step) => before.then(step, step), Promise.resolve()).then(end, end)
  }

  /** The browser's link, or undefined where nobody listens. */
  accept(listener: LinkListener): { link: SimulatedLink; connection: string } | undefined {
    return this.#open({ listener, carries: 'stream', protocol: hookboxProtocol })
  }

  /** A link to a room, for somebody whom this node has let in. */
  acceptTalk(
    entrance: Entrance,
    listener: LinkListener,
  ): { link: SimulatedLink; connection: string } | undefined {
    const protocol = talkProtocolOf(entrance.room)
    return this.#open({ listener, carries: 'messages', protocol, entrance })
  }

  #open(wish: {
    listener: LinkListener
    carries: 'stream' | 'messages'
    protocol: Protocol
    entrance?: Entrance
  }): { link: SimulatedLink; connection: string } | undefined {
    const running = this.#running
    if (running === undefined || !this.#isReady) return undefined
    const { acceptor, core } = running.core
    if (acceptor.admits() !== undefined) return undefined
    const { listener, carries, protocol, entrance } = wish
    const { timeline } = this.#parts
    const link = new SimulatedLink({
      timeline,
      dice: this.#dice,
      life: this.#life,
      listener,
      carries,
    })
    const origin = { transport: 'simulated', address: '192.0.2.1' }
    const arrive = entrance && { arrive: running.rooms.made.arrive(entrance) }
    const inbound = acceptor.accept(link, protocol, { ...origin, ...arrive })
    this.#links.add(link)
    const connection = [...core.hub.connections.values()].at(-1)
    link.inbound = connection === undefined ? inbound : this.#watched(inbound, connection)
    return { link, connection: connection?.id ?? '' }
  }

  /** What a link had been sent when it ended counts as having come, unless it was lost. */
  #watched(inbound: Inbound, connection: Connection): Inbound {
    return {
      receive: (text) => inbound.receive(text),
      end: (how) => {
        const keepsPlace = connection.session.resumes && !connection.isLeaving
        if (how !== 'lost' && !keepsPlace && !connection.isSlow && this.#isReady) {
          const user = connection.user?.name ?? ''
          for (const [name, { channel }] of connection.channels) {
            this.#parts.store.ledger.rooms.noteSent(name, user, channel.head)
          }
        }
        inbound.end(how)
      },
    }
  }

  /** One of the open links, for what may happen to links. */
  pickLink(): SimulatedLink | undefined {
    for (const link of this.#links) if (!link.isOpen) this.#links.delete(link)
    return this.#links.size === 0 ? undefined : this.#dice.pick([...this.#links])
  }

  #end(): void {
    this.#life.isOver = true
    this.#isReady = false
    this.#isDraining = false
    this.#running = undefined
    this.#parts.bus.forget(this.nodeId)
    for (const link of this.#links) link.die()
    this.#links.clear()
  }

  #startAgain(life: Life): void {
    if (life.isOver) return
    this.#end()
    this.#parts.timeline.after(2000, () => this.start())
  }

  #create(life: Life): Running {
    const { timeline, plan, store, bus, app, sabotage } = this.#parts
    const { nodeId } = this
    const skewMs = this.#dice.between(-plan.skewMs, plan.skewMs)
    const clock = clockOf(timeline, life, skewMs)
    const telemetry = this.#telemetry(life)
    const stores = store.open(nodeId, life)
    const reached = app.open(life)
    const settings: Config = { ...defaults, ...plan.settings }
    const rooms = prepareRooms(settings, { profiles, wake: () => outbox.wake() })
    const parts: CoreParts = sabotage({
      nodeId,
      settings,
      stores,
      bus: bus.open(nodeId, life),
      app: reached,
      web,
      clock,
      random: this.#dice.fork(nodeId),
      telemetry,
      roomLayer: (core) => rooms.layer(core),
      notify: (notice, context) => outbox.send(notice, context),
    })
    const outbox = startOutboxWorker({
      outbox: stores.outbox,
      app: reached,
      clock,
      telemetry,
      lease: { leases: stores.leases, owner: nodeId },
      expand: (notice) => this.#expand(rooms, notice),
      laneOf: (notice) => rooms.laneOf(notice),
    })
    return { core: createCore(parts), rooms, stopOutbox: () => outbox.stop() }
  }

  async #expand(rooms: RoomsInTheMaking, notice: Notice) {
    const end = this.#parts.store.ledger.rooms.pushes.begin(notice)
    const expansion = await rooms.expand(notice)
    end(expansion)
    return expansion
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
