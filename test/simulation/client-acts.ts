import type { Args } from './channel-view.ts'
import type { Dice } from './dice.ts'
import { writePayload } from './payload.ts'
import type { Plan } from './plan.ts'

/** What a client can do when it wants something. */
export interface Hands {
  readonly version: 1 | 2
  /** Names the client and its present link. */
  readonly link: string
  request(name: string, args: Args): void
  /** Comes or goes as if it had never been there. */
  begin(name: 'SUBSCRIBE' | 'UNSUBSCRIBE', channel: string): void
  /** Publishes until there is a final answer, on each link. */
  insist(id: string, args: Args): void
  goAway(): void
}

/** The will of a Hookbox client: what it does next is left to its dice. */
export class ClientActs {
  readonly #name: string
  readonly #plan: Plan
  readonly #dice: Dice
  readonly #hands: Hands
  #published = 0

  constructor(name: string, parts: { plan: Plan; dice: Dice; hands: Hands }) {
    this.#name = name
    this.#plan = parts.plan
    this.#dice = parts.dice
    this.#hands = parts.hands
  }

  act(): void {
    const { name: channel, room } = this.#dice.pick(this.#plan.channels)
    if (room !== undefined && this.#hands.version === 2 && this.#dice.chance(0.25)) {
      this.#askRoom(channel)
      return
    }
    const thrown = this.#dice.float()
    if (thrown < 0.2) this.#hands.begin('SUBSCRIBE', channel)
    else if (thrown < 0.27) this.#hands.begin('UNSUBSCRIBE', channel)
    else if (thrown < 0.85) this.#publish(channel)
    else if (thrown < 0.9) this.#look(channel)
    else if (thrown < 0.94) this.#message()
    else if (thrown < 0.97) this.#hands.goAway()
  }

  #askRoom(channel: string): void {
    const thrown = this.#dice.float()
    if (thrown < 0.6) {
      const offset = this.#dice.chance(0.2) ? 1_000_000 : this.#dice.between(0, 60)
      this.#hands.request('READ', { channel_name: channel, offset })
    } else if (thrown < 0.8) this.#hands.request('TYPING', { channel_name: channel })
    else this.#hands.request('ROOMS', {})
  }

  #publish(channel: string): void {
    this.#published += 1
    const hasId = this.#hands.version === 2 && this.#dice.chance(0.6)
    const payload = writePayload({
      author: this.#hands.link,
      number: this.#published,
      repeats: hasId,
    })
    if (this.#hands.version === 1) {
      this.#hands.request('PUBLISH', { channel_name: channel, payload })
      return
    }
    const args = { channel_name: channel, payload: JSON.parse(payload) as unknown }
    if (hasId) {
      const id = `${this.#name}-${this.#published}`
      this.#hands.insist(id, { ...args, id })
    } else this.#hands.request('PUBLISH', args)
  }

  #look(channel: string): void {
    if (this.#hands.version === 1) return
    if (this.#dice.chance(0.5)) this.#hands.request('PRESENCE', { channel_name: channel })
    else this.#hands.request('HISTORY', { channel_name: channel, limit: 5 })
  }

  #message(): void {
    const name = this.#dice.pick(this.#plan.users).name
    const payload = this.#hands.version === 1 ? '"hello"' : 'hello'
    this.#hands.request('MESSAGE', { name, payload })
  }
}
