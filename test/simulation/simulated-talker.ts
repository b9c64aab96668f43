import { Failure, Refusal } from '../../src/core/errors.ts'
import type { Entrance } from '../../src/rooms/rooms.ts'
import type { ClientParts } from './client-parts.ts'
import type { Dice } from './dice.ts'
import { writeMessage } from './payload.ts'
import { quietType, type TalkerPlan } from './plan-rooms.ts'
import type { SimulatedLink } from './simulated-link.ts'
import { profileOf, type SimulatedNode } from './simulated-node.ts'
import { TalkView } from './talk-view.ts'

/** Whoever waits longer for a door to open goes away. */
const enterTimeoutMs = 20_000

/** A client of Hipochat: a link to one room at a time, without any answer but what the room is told. */
export class SimulatedTalker {
  readonly name: string
  readonly user: string
  view: TalkView | undefined
  connection = ''
  readonly #parts: ClientParts
  readonly #dice: Dice
  readonly #rooms: readonly string[]
  #link: SimulatedLink | undefined
  /** The present try to get in; an answer to an earlier one comes too late. */
  #attempt = 0
  #isEntering = false
  #links = 0
  #said = 0
  #triesAtRest = 0
  #isActive = true

  constructor(name: string, who: TalkerPlan, parts: ClientParts) {
    this.name = name
    this.user = who.user
    this.#rooms = who.rooms
    this.#parts = parts
    this.#dice = parts.dice.fork(name)
    this.#comeLater(2000)
    this.#plan()
  }

  get isOnline(): boolean {
    return this.#link?.isOpen === true
  }

  /** Acts no more by itself. Some close for good. */
  rest(): void {
    this.#isActive = false
    if (this.#dice.chance(0.5)) this.#quit()
    else if (this.#link === undefined) this.#comeLater(5000)
  }

  #plan(): void {
    const pause = -Math.log(1 - this.#dice.float()) * this.#parts.plan.pauseMs
    this.#parts.timeline.after(pause, () => {
      if (!this.#isActive) return
      if (this.#link?.isOpen) this.#act(this.#link)
      this.#plan()
    })
  }

  #act(link: SimulatedLink): void {
    const thrown = this.#dice.float()
    if (thrown < 0.8) this.#say(link)
    else if (thrown < 0.82) link.send('no message')
    else if (thrown < 0.9) {
      this.#quit()
      this.#comeLater(this.#dice.chance(0.3) ? 30_000 : 4000)
    }
  }

  #say(link: SimulatedLink): void {
    this.#said += 1
    const said = { author: `${this.name}.${this.#links}`, number: this.#said, repeats: false }
    const text = writeMessage(said, this.#dice.chance(0.2) ? quietType : undefined)
    this.#parts.judge.note(() => `${this.name} > ${text}`)
    link.send(text)
  }

  #quit(): void {
    const link = this.#link
    this.#ended()
    link?.leave(this.#dice.chance(0.7) ? 'clean' : 'unclean')
  }

  #comeLater(withinMs: number): void {
    this.#parts.timeline.after(this.#dice.between(10, withinMs), () => this.#come())
  }

  #come(): void {
    if (this.#link !== undefined || this.#isEntering) return
    const node = this.#dice.pick(this.#parts.nodes)
    const { rooms } = node
    if (rooms === undefined) {
      this.#comeLater(3000)
      return
    }
    this.#isEntering = true
    this.#attempt += 1
    const attempt = this.#attempt
    const { timeline, judge } = this.#parts
    const since = timeline.now
    const room = this.#dice.pick(this.#rooms)
    judge.note(() => `${this.name} enters ${room} on ${node.nodeId}`)
    const isLate = () => attempt !== this.#attempt || !this.#isEntering
    timeline.after(enterTimeoutMs, () => {
      if (!isLate()) this.#refused('no answer')
    })
    rooms.enter({ room, profile: profileOf(this.user), token: this.user }).then(
      (entrance) => {
        this.#parts.ledger.rooms.checkAdmitted(room, { user: this.user, since, what: 'enter' })
        if (!isLate()) this.#open(node, entrance)
      },
      (error: unknown) => {
        if (!(error instanceof Refusal || error instanceof Failure)) {
          judge.violated('bug', `enter: ${error instanceof Error ? error.stack : String(error)}`)
        }
        if (!isLate()) this.#refused(String(error))
      },
    )
  }

  #refused(why: string): void {
    this.#isEntering = false
    this.#parts.judge.note(() => `${this.name} does not get in: ${why}`)
    if (!this.#isActive) this.#triesAtRest += 1
    if (this.#triesAtRest < 4) this.#comeLater(8000)
  }

  #open(node: SimulatedNode, entrance: Entrance): void {
    let link: SimulatedLink | undefined
    const accepted = node.acceptTalk(entrance, {
      onText: (text) => {
        if (this.#link === link) this.#receive(text)
      },
      onEnd: () => {
        if (this.#link !== link) return
        this.#ended()
        this.#comeLater(this.#dice.chance(0.1) ? 40_000 : 3000)
      },
    })
    if (accepted === undefined) {
      this.#refused('nobody listens')
      return
    }
    this.#isEntering = false
    link = accepted.link
    this.#link = link
    this.connection = accepted.connection
    this.#links += 1
    this.view = new TalkView(entrance, this, this.#parts)
    const { room, position } = entrance
    this.#parts.judge.note(
      () =>
        `${this.name}: link ${this.#links} ${this.connection.slice(0, 6)} to ${room} at ${position.offset}`,
    )
  }

  #ended(): void {
    if (this.#link === undefined) return
    this.#parts.judge.note(() => `${this.name}: link ${this.#links} is over`)
    this.#link = undefined
    this.view = undefined
  }

  #receive(text: string): void {
    this.#parts.judge.note(() => `${this.name} < ${text}`)
    const told = JSON.parse(text) as Readonly<Record<string, unknown>>
    if (!('ERROR' in told)) this.view?.message(told)
  }
}
