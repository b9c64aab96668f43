import { Refusal } from '../../src/core/errors.ts'
import type { Bus, BusAddress, BusMessage, NodeRequest } from '../../src/core/ports.ts'
import type { Dice } from './dice.ts'
import type { Judge } from './judge.ts'
import type { Life, Timeline } from './timeline.ts'

/** What the bus does to messages. */
export interface BusManners {
  readonly maxDelayMs: number
  readonly drops: number
  readonly repeats: number
  /** Share of drops of which the bus says that something may have been missed. */
  readonly tells: number
}

/** The nodes' bus: delays, drops, repeats and reorders as the port allows it. */
export class SimulatedBus {
  manners: BusManners
  readonly #ends = new Set<End>()
  readonly #timeline: Timeline
  readonly #dice: Dice
  readonly #judge: Judge

  constructor(parts: { timeline: Timeline; dice: Dice; judge: Judge; manners: BusManners }) {
    this.#timeline = parts.timeline
    this.#dice = parts.dice.fork('bus')
    this.#judge = parts.judge
    this.manners = parts.manners
  }

  /** One node's end. */
  open(node: string, life: Life): Bus {
    const end = new End(node, life)
    this.#ends.add(end)
    return {
      publish: (address, message) => this.#publish(end, address, message),
      subscribe: (address) => this.#subscribe(end, address),
      unsubscribe: (address) => void end.addresses.delete(address),
      request: (to, request, deadlineMs) => this.#request(end, { to, request, deadlineMs }),
      onMessage: (listener) => {
        end.receive = listener
      },
      onReset: (listener) => {
        end.reset = listener
      },
      onRequest: (listener) => {
        end.answer = listener
      },
      close: async () => void this.#ends.delete(end),
    }
  }

  /** The node is no more. */
  forget(node: string): void {
    for (const end of this.#ends) if (end.node === node) this.#ends.delete(end)
  }

  #publish(from: End, address: BusAddress, message: BusMessage): void {
    if (from.life.isOver) return
    const text = JSON.stringify(message)
    for (const to of this.#ends) if (to !== from) this.#send(to, address, text)
  }

  #send(to: End, address: BusAddress, text: string): void {
    const { drops, repeats, tells, maxDelayMs } = this.manners
    if (this.#dice.chance(drops)) {
      this.#judge.note(() => `bus: drops for ${to.node} ${text.slice(0, 160)}`)
      if (this.#dice.chance(tells)) this.#reset(to)
      return
    }
    for (let copies = this.#dice.chance(repeats) ? 2 : 1; copies > 0; copies -= 1) {
      this.#timeline.after(
        this.#dice.delay(0, maxDelayMs),
        to.life.while(() => {
          if (to.addresses.has(address)) to.receive(address, JSON.parse(text) as BusMessage)
        }),
      )
    }
  }

  #reset(to: End): void {
    const wait = this.#dice.between(1, 3000)
    this.#timeline.after(
      wait,
      to.life.while(() => to.reset()),
    )
  }

  #subscribe(end: End, address: BusAddress): Promise<void> {
    return new Promise((resolve) => {
      this.#timeline.after(
        this.#dice.delay(0, this.manners.maxDelayMs),
        end.life.while(() => {
          end.addresses.add(address)
          resolve()
        }),
      )
    })
  }

  #request(
    from: End,
    asked: { to: string; request: NodeRequest; deadlineMs: number },
  ): Promise<string> {
    const { manners } = this
    const { to, request, deadlineMs } = asked
    return new Promise((resolve, reject) => {
      this.#timeline.after(
        deadlineMs,
        from.life.while(() => reject(new Refusal('node_unreachable'))),
      )
      const lost = () => this.#dice.chance(manners.drops)
      const delay = () => this.#dice.delay(0, manners.maxDelayMs)
      if (lost()) return
      this.#timeline.after(delay(), () => {
        const end = [...this.#ends].find((each) => each.node === to)
        if (end === undefined || end.life.isOver) return
        end.answer(request).then((answer) => {
          if (!lost()) {
            this.#timeline.after(
              delay(),
              from.life.while(() => resolve(answer)),
            )
          }
        }, reject)
      })
    })
  }
}

/** What the bus knows of one node. */
class End {
  readonly node: string
  readonly life: Life
  readonly addresses = new Set<BusAddress>()
  receive: (address: BusAddress, message: BusMessage) => void = () => {}
  reset: () => void = () => {}
  answer: (request: NodeRequest) => Promise<string> = () =>
    Promise.reject(new Refusal('node_unreachable'))

  constructor(node: string, life: Life) {
    this.node = node
    this.life = life
  }
}
