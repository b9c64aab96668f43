import { type Asked, carryOut, laneOf } from './carry-out.ts'
import type { Command } from './command.ts'
import type { Connection } from './connection.ts'
import type { Core } from './core.ts'
import { Failure, Refusal } from './errors.ts'
import { FrameRate, type Rated } from './frame-rate.ts'
import { Lanes } from './lanes.ts'
import { connect } from './operations/connect.ts'
import { endConnection } from './operations/disconnect.ts'
import { listSteps } from './operations/lists.ts'
import { publishAtOnce } from './operations/publish-at-once.ts'
import type { Verdict } from './ports.ts'
import type { Done, Received, Reply } from './protocol.ts'
import type { RefusalBudget } from './refusal-budget.ts'

/** What is answered with a list that may be long. */
const piecewise: ReadonlySet<Done['op']> = new Set(['history', 'presence', 'rooms'])

/** What all connections' dispatchers share with whoever lets them in. */
export interface DispatcherDoor {
  readonly refusals: RefusalBudget
  /** A connection has become a user's. */
  connected(connection: Connection, verdict?: Verdict): void
}

type CommandOf<Op extends Command['op']> = Extract<Command, { op: Op }>

/**
 * Carries out what one connection asks, in the order of its lanes: CONNECT is a barrier, what concerns one channel
 * keeps its order, other channels do not wait for it (design §3, Lanes). The one place where an error becomes a
 * frame.
 */
export class Dispatcher implements Rated {
  readonly #core: Core
  readonly #connection: Connection
  readonly #door: DispatcherDoor
  readonly #lanes = new Lanes()
  /** Frames that may not be begun yet. */
  #waiting: Received[] = []
  #connecting: Promise<void> | undefined
  #refused = 0
  #underWay = 0
  #paused = false
  readonly #rate: FrameRate

  constructor(core: Core, connection: Connection, door: DispatcherDoor) {
    this.#core = core
    this.#connection = connection
    this.#door = door
    this.#rate = new FrameRate(core, this)
  }

  /** Instead of a CONNECT: what the browser sends meanwhile waits, and a refusal ends the link. */
  arrive(act: (connection: Connection) => Promise<void>): void {
    this.#connection.stage = 'connecting'
    this.#connecting = this.#arrive(act)
  }

  async #arrive(act: (connection: Connection) => Promise<void>): Promise<void> {
    try {
      await act(this.#connection)
      this.#door.connected(this.#connection)
    } catch (error) {
      const refusal = this.#toRefusal(error)
      if (refusal.limit !== undefined) this.#core.telemetry.limit(refusal.limit)
      this.#connection.close(refusal)
    } finally {
      this.#connecting = undefined
      this.#work()
    }
  }

  /** Takes decoded frames in order. What may not be begun yet waits, and reading pauses. */
  take(received: readonly Received[]): void {
    // A message that completes no frame costs work as well.
    if (received.length === 0) this.#rate.spend(1)
    const begun = this.#waiting.length === 0 ? this.#begin(received) : 0
    for (let i = begun; i < received.length; i += 1) {
      const item = received[i]
      if (item !== undefined) this.#waiting.push(item)
    }
    if (this.#waiting.length > 0) this.#work()
    else this.#regulate()
  }

  refilled(): void {
    this.#work()
  }

  #work(): void {
    const begun = this.#begin(this.#waiting)
    if (begun > 0) this.#waiting = this.#waiting.slice(begun)
    this.#regulate()
  }

  /** Begins as many of them as may be begun now; how many. */
  #begin(items: readonly Received[]): number {
    let next = 0
    while (next < items.length && this.#mayBegin()) {
      this.#rate.spend(1)
      const item = items[next]
      next += 1
      if (item !== undefined) this.#dispatch(item)
    }
    return next
  }

  /** CONNECT is a barrier; a connection has only so much under way, and only so many frames a second. */
  #mayBegin(): boolean {
    if (this.#connection.stage === 'closed') return this.#drop()
    if (this.#connecting !== undefined) return false
    return this.#underWay < this.#core.settings.maxGatesPerConnection && !this.#rate.isSpent
  }

  #drop(): false {
    this.#waiting = []
    return false
  }

  /** The link is over: what was asked before is finished, then the connection leaves. */
  async finish(): Promise<void> {
    await this.#connecting
    await this.#lanes.settled()
    await endConnection(this.#core, this.#connection)
  }

  #dispatch(item: Received): void {
    if ('refusal' in item) this.#refuse(item.ref, item.refusal)
    else if (item.command.op === 'connect') this.#startConnect(item.ref, item.command)
    else if (this.#connection.stage !== 'connected') {
      this.#refuse(item.ref, new Refusal('not_connected'))
    } else this.#enqueue(item.ref, item.command)
  }

  #startConnect(ref: number | null, command: CommandOf<'connect'>): void {
    const { stage, origin } = this.#connection
    if (stage === 'connected') {
      this.#refuse(ref, new Refusal('already_logged_in'))
    } else if (this.#door.refusals.isSpent(origin.address)) {
      this.#core.telemetry.limit('max-refused-connects-per-minute')
      this.#refuse(ref, new Refusal('too_many_requests'))
    } else {
      this.#connection.stage = 'connecting'
      this.#connecting = this.#connect(ref, command)
    }
  }

  async #connect(ref: number | null, command: CommandOf<'connect'>): Promise<void> {
    const connection = this.#connection
    try {
      const verdict = await connect(this.#core, connection, command)
      this.#door.connected(connection, verdict)
      this.#reply({ ref, done: { op: 'connect' } })
      this.#startLists(verdict)
    } catch (error) {
      if (connection.stage === 'connecting') {
        connection.stage = 'open'
        connection.session.unsettle()
      }
      this.#refuse(ref, this.#toRefusal(error))
      this.#countRefusal(error)
    } finally {
      this.#connecting = undefined
      this.#work()
    }
  }

  /** In order, each in its channel's lane: frames for that channel wait for it, others do not. */
  #startLists(verdict: Verdict): void {
    const connection = this.#connection
    const user = connection.user?.name
    if (user === undefined) return
    let before = Promise.resolve()
    for (const step of listSteps(this.#core, verdict, { user, connection })) {
      const turn = before
      before = this.#lanes.run(`in:${step.channel}`, () => turn.then(step.act))
    }
    this.#core.background('auto lists', before)
  }

  #countRefusal(error: unknown): void {
    if (!(error instanceof Refusal) || error.code !== 'unauthorized') return
    this.#refused += 1
    this.#door.refusals.spend(this.#connection.origin.address)
    if (this.#refused < this.#core.settings.maxRefusedConnects) return
    this.#core.telemetry.limit('max-refused-connects')
    this.#connection.close(new Refusal('too_many_refusals'))
  }

  #enqueue(ref: number | null, command: Asked): void {
    if (command.op === 'publish' && this.#publishAtOnce(ref, command)) return
    this.#underWay += 1
    const turn = this.#lanes.run(laneOf(command), () => this.#carryOut(ref, command))
    this.#core.background('command', turn)
  }

  /** Whether it is done. Nothing else of this connection is under way then: its order is kept. */
  #publishAtOnce(ref: number | null, command: CommandOf<'publish'>): boolean {
    const { user, speaker } = this.#connection
    if (user === undefined || speaker !== undefined || this.#lanes.size > 0) return false
    try {
      const publisher = {
        kind: 'connection',
        connection: this.#connection,
        user: user.name,
      } as const
      const published = publishAtOnce(this.#core, publisher, command)
      if (published === undefined) return false
      this.#reply({ ref, done: { op: 'publish', published } })
    } catch (error) {
      this.#refuse(ref, this.#toRefusal(error))
    }
    return true
  }

  async #carryOut(ref: number | null, command: Asked): Promise<void> {
    try {
      this.#reply({ ref, done: await this.#run(command) })
    } catch (error) {
      this.#refuse(ref, this.#toRefusal(error))
    } finally {
      this.#underWay -= 1
      this.#work()
    }
  }

  #run(command: Asked): Promise<Done> {
    const { user } = this.#connection
    if (user === undefined) throw new Refusal('not_connected')
    return carryOut(this.#core, { connection: this.#connection, user: user.name }, command)
  }

  #reply(reply: Reply): void {
    const encoded = this.#connection.session.reply(reply)
    if (encoded === undefined) return
    // What was asked for in one piece is not held against a slow reader, as a snapshot is not (spec/safety.md §4).
    const isPiece = 'done' in reply && piecewise.has(reply.done.op)
    if (isPiece) this.#connection.snapshotBytes += encoded.text.length
    this.#core.delivery.send(this.#connection, encoded)
  }

  #refuse(ref: number | null, refusal: Refusal): void {
    this.#reply({ ref, refusal })
    if (refusal.limit !== undefined) this.#core.telemetry.limit(refusal.limit)
    if (refusal.close !== undefined) this.#connection.close(refusal)
  }

  #toRefusal(error: unknown): Refusal {
    if (error instanceof Refusal) return error
    const { id, user } = this.#connection
    this.#core.telemetry.failure('command', error, {
      connection: id,
      ...(user === undefined ? {} : { user: user.name }),
    })
    return new Refusal(error instanceof Failure ? 'store_failed' : 'internal')
  }

  /** Reading pauses while something waits to be begun, but for CONNECT's verdict a few frames may. */
  #regulate(): void {
    const { maxGatesPerConnection } = this.#core.settings
    const isFull = this.#underWay >= maxGatesPerConnection
    const waits = this.#connecting === undefined ? 1 : maxGatesPerConnection
    const busy = isFull || this.#waiting.length >= waits
    if (busy === this.#paused) return
    this.#paused = busy
    if (busy) this.#connection.link.pause()
    else this.#connection.link.resume()
    if (isFull) this.#core.telemetry.limit('max-gates-per-connection')
  }
}
