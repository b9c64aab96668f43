import { type Asked, carryOut, laneOf } from './carry-out.ts'
import type { Command } from './command.ts'
import type { Connection } from './connection.ts'
import type { Core } from './core.ts'
import { Failure, Refusal } from './errors.ts'
import { Lanes } from './lanes.ts'
import { connect } from './operations/connect.ts'
import { endConnection } from './operations/disconnect.ts'
import { carryOutLists } from './operations/lists.ts'
import type { Verdict } from './ports.ts'
import type { Done, Received, Reply } from './protocol.ts'
import type { RefusalBudget } from './refusal-budget.ts'

type CommandOf<Op extends Command['op']> = Extract<Command, { op: Op }>

/**
 * Carries out what one connection asks, in the order of its lanes: CONNECT is a barrier, what concerns one channel
 * keeps its order, other channels do not wait for it (design §3, Lanes). The one place where an error becomes a
 * frame.
 */
export class Dispatcher {
  readonly #core: Core
  readonly #connection: Connection
  readonly #refusals: RefusalBudget
  readonly #onConnected: (verdict: Verdict) => void
  readonly #lanes = new Lanes()
  /** Frames that wait for CONNECT's verdict. */
  #waiting: Received[] = []
  #connecting: Promise<void> | undefined
  #refused = 0
  #underWay = 0
  #paused = false
  #isOverRate = false
  #second = 0
  #framesThisSecond = 0

  constructor(
    core: Core,
    connection: Connection,
    door: { refusals: RefusalBudget; onConnected: (verdict: Verdict) => void },
  ) {
    this.#core = core
    this.#connection = connection
    this.#refusals = door.refusals
    this.#onConnected = door.onConnected
  }

  /** Takes decoded frames in order. */
  take(received: readonly Received[]): void {
    this.#pass(received)
    if (this.#connection.stage === 'closed') return
    this.#limitRate(received.length)
    this.#regulate()
  }

  /** The link is over: what was asked before is finished, then the connection leaves. */
  async finish(): Promise<void> {
    await this.#connecting
    await this.#lanes.settled()
    await endConnection(this.#core, this.#connection)
  }

  #pass(received: readonly Received[]): void {
    for (const item of received) {
      if (this.#connection.stage === 'closed') return
      if (this.#connection.stage === 'connecting') this.#waiting.push(item)
      else this.#dispatch(item)
    }
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
    } else if (this.#refusals.isSpent(origin.address)) {
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
      connection.session.settle()
      this.#onConnected(verdict)
      this.#reply({ ref, done: { op: 'connect' } })
      const user = connection.user?.name
      if (user !== undefined) {
        const lists = carryOutLists(this.#core, verdict, { user, connection })
        this.#core.background('auto lists', lists)
        await lists
      }
    } catch (error) {
      if (connection.stage === 'connecting') connection.stage = 'open'
      this.#refuse(ref, this.#toRefusal(error))
      this.#countRefusal(error)
    } finally {
      this.#connecting = undefined
      this.#release()
    }
  }

  /** Frames that came while CONNECT was under way, in order; another CONNECT among them stops the rest again. */
  #release(): void {
    const waiting = this.#waiting
    this.#waiting = []
    this.#pass(waiting)
    this.#regulate()
  }

  #countRefusal(error: unknown): void {
    if (!(error instanceof Refusal) || error.code !== 'unauthorized') return
    this.#refused += 1
    this.#refusals.spend(this.#connection.origin.address)
    if (this.#refused < this.#core.settings.maxRefusedConnects) return
    this.#core.telemetry.limit('max-refused-connects')
    this.#connection.close(new Refusal('too_many_refusals'))
  }

  #enqueue(ref: number | null, command: Asked): void {
    this.#underWay += 1
    const turn = this.#lanes.run(laneOf(command), () => this.#carryOut(ref, command))
    this.#core.background('command', turn)
  }

  async #carryOut(ref: number | null, command: Asked): Promise<void> {
    try {
      this.#reply({ ref, done: await this.#run(command) })
    } catch (error) {
      this.#refuse(ref, this.#toRefusal(error))
    } finally {
      this.#underWay -= 1
      this.#regulate()
    }
  }

  async #run(command: Asked): Promise<Done> {
    const { user } = this.#connection
    if (user === undefined) throw new Refusal('not_connected')
    return carryOut(this.#core, { connection: this.#connection, user: user.name }, command)
  }

  #reply(reply: Reply): void {
    const encoded = this.#connection.session.reply(reply)
    if (encoded !== undefined) this.#core.delivery.send(this.#connection, encoded)
  }

  #refuse(ref: number | null, refusal: Refusal): void {
    this.#reply({ ref, refusal })
    if (refusal.code === 'frame_too_large') this.#core.telemetry.limit('max-frame-bytes')
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

  /** Reading pauses while too much is under way. */
  #regulate(): void {
    const max = this.#core.settings.maxGatesPerConnection
    const busy = this.#underWay + this.#waiting.length >= max
    if (busy && !this.#paused) {
      this.#paused = true
      this.#connection.link.pause()
      this.#core.telemetry.limit('max-gates-per-connection')
    } else if (!busy && this.#paused) {
      this.#paused = false
      if (!this.#isOverRate) this.#connection.link.resume()
    }
  }

  #limitRate(frames: number): void {
    const { clock, settings, telemetry } = this.#core
    const second = Math.floor(clock.now() / 1000)
    if (second !== this.#second) {
      this.#second = second
      this.#framesThisSecond = 0
    }
    this.#framesThisSecond += frames
    if (this.#framesThisSecond <= settings.maxFramesPerSecond) return
    telemetry.limit('max-frames-per-second')
    this.#framesThisSecond = 0
    if (this.#isOverRate) return
    this.#isOverRate = true
    const { link } = this.#connection
    link.pause()
    clock.after(1000 - (clock.now() % 1000), () => {
      this.#isOverRate = false
      if (!this.#paused) link.resume()
    })
  }
}
