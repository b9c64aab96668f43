import type { Entrance } from '../../src/rooms/rooms.ts'
import type { Judge } from './judge.ts'
import type { Ledger } from './ledger.ts'
import { saidIn } from './payload.ts'
import type { RoomLife } from './room-life.ts'

/**
 * What one link of Hipochat is told of its room, held against the ledger as it comes: every message from its entrance
 * on, in order, each once (G1, G2).
 */
export class TalkView {
  readonly room: string
  readonly epoch: string
  /** Highest offset told, or that need not be told. */
  offset: number
  readonly #who: { readonly name: string; readonly user: string }
  readonly #ledger: Ledger
  readonly #judge: Judge

  constructor(
    entrance: Entrance,
    who: { readonly name: string; readonly user: string },
    parts: { readonly ledger: Ledger; readonly judge: Judge },
  ) {
    this.room = entrance.room
    this.epoch = entrance.position.epoch
    this.offset = entrance.position.offset
    this.#who = who
    this.#ledger = parts.ledger
    this.#judge = parts.judge
  }

  get #life(): RoomLife | undefined {
    return this.#ledger.rooms.life(this.room, this.epoch)
  }

  message(told: Readonly<Record<string, unknown>>): void {
    const said = saidIn(told)
    const message = this.#life?.messages.find((each) => each.said === said)
    if (message === undefined) {
      this.#violated('G1', `is told ${said}, which is not durable`)
      return
    }
    if (told['token'] !== this.room) this.#violated('talk', `is told ${JSON.stringify(told)}`)
    if (message.offset <= this.offset) {
      this.#violated('G2', `is told ${message.offset} after ${this.offset}`)
    }
    this.#moveTo(message.offset)
    this.#ledger.rooms.noteHeard(this.room, this.#who.user, said)
  }

  /** At rest: has everything been told? */
  checkComplete(): void {
    const present = this.#ledger.rooms.living(this.room)
    if (present === undefined || present.epoch !== this.epoch) {
      this.#violated('G2', `is in epoch ${this.epoch}, which is over`)
    } else this.#moveTo(present.head + 1)
  }

  #moveTo(offset: number): void {
    const { messages = [] } = this.#life ?? {}
    const missing = messages.find((each) => each.offset > this.offset && each.offset < offset)
    if (missing !== undefined) {
      this.#violated('G2', `comes to ${offset} without ${missing.offset} ${missing.said}`)
    }
    this.offset = Math.max(this.offset, offset)
  }

  #violated(rule: string, text: string): void {
    this.#judge.violated(rule, `${this.#who.name} of ${this.#who.user} in ${this.room} ${text}`)
  }
}
