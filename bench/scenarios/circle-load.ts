import { Budget, type Limits } from '../measure/budget.ts'
import { settled } from '../measure/settled.ts'
import { Tally } from '../measure/tally.ts'
import type { Load } from '../measure/window.ts'
import type { Link, LinkListener } from '../wire/link.ts'

/** Some who send, and those who get what they send. */
export interface CircleParts {
  readonly senders: readonly Sender[]
  readonly receivers: readonly Link[]
  /** Markers that come back of what all senders send once. */
  readonly expected: number
}

/** A link and what it sends each time. */
export interface Sender {
  readonly link: Link
  readonly next: () => Buffer
}

/** Circles that go round by themselves: when all that was sent has come everywhere, its senders send again. */
export class CircleLoad implements Load {
  readonly tally = new Tally()
  readonly #circles: readonly Circle[]
  readonly #budget: Budget

  /** `marker` is what is counted in the frames that receivers get. */
  constructor(circles: readonly CircleParts[], options: { marker: string; limits: Limits }) {
    this.#budget = new Budget(options.limits)
    this.#circles = circles.map((parts) => new Circle(parts, this.tally, this.#budget))
    for (const circle of this.#circles) circle.listen(options.marker)
  }

  start(): void {
    for (const circle of this.#circles) circle.turn(performance.now())
  }

  async stop(): Promise<void> {
    this.#budget.stop()
    await settled(
      () => this.#circles.every((circle) => circle.isIdle),
      () => this.#circles.find((circle) => !circle.isIdle)?.describe() ?? '',
    )
  }
}

class Circle implements LinkListener {
  isIdle = true
  readonly #parts: CircleParts
  readonly #tally: Tally
  readonly #budget: Budget
  #got = 0
  #sentAt = 0

  constructor(parts: CircleParts, tally: Tally, budget: Budget) {
    this.#parts = parts
    this.#tally = tally
    this.#budget = budget
  }

  listen(marker: string): void {
    const { senders, receivers } = this.#parts
    for (const link of receivers) link.count(marker, this)
    const known = new Set(receivers)
    const lost = (reason: string) => this.lost(reason)
    for (const { link } of senders) {
      if (!known.has(link)) link.count(marker, { counted() {}, lost })
    }
  }

  turn(now: number): void {
    this.isIdle = !this.#budget.spend(now)
    if (this.isIdle) return
    this.#sentAt = now
    for (const { link, next } of this.#parts.senders) link.send(next())
  }

  counted(markers: number): void {
    const now = performance.now()
    this.#tally.add(markers, now - this.#sentAt)
    this.#got += markers
    if (this.#got < this.#parts.expected) return
    this.#got = 0
    this.turn(now)
  }

  lost(reason: string): void {
    this.#tally.fail(reason)
  }

  describe(): string {
    const { senders, receivers, expected } = this.#parts
    const links = [...senders.map(({ link }) => link), ...receivers]
    const other = links.map((link) => link.lastOther).find((text) => text !== '')
    return `${this.#got} of ${expected} came; last other frame: ${other ?? 'none'}`
  }
}
