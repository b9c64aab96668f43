import { Budget, type Limits } from '../measure/budget.ts'
import { settled } from '../measure/settled.ts'
import { Tally } from '../measure/tally.ts'
import type { Load } from '../measure/window.ts'
import { HttpLink, type Request } from '../wire/http-link.ts'

/** Kept links to REST, each with one request under way: an answer sends the next. */
export class RestLoad implements Load {
  readonly tally = new Tally()
  readonly #links: HttpLink[] = []
  readonly #starts: ((now: number) => void)[] = []
  readonly #budget: Budget
  #underWay = 0

  constructor(limits: Limits) {
    this.#budget = new Budget(limits)
  }

  /** Opens a link that sends `request` again and again. */
  async open(port: number, request: Request): Promise<void> {
    const link = new HttpLink(request)
    let sentAt = 0
    const send = (now: number) => {
      if (!this.#budget.spend(now)) return
      sentAt = now
      this.#underWay += 1
      link.send()
    }
    await link.open(port, {
      answered: (markers) => {
        const now = performance.now()
        this.#underWay -= 1
        if (markers === 0) this.tally.fail(`an answer without success: ${link.lastOther}`)
        this.tally.add(markers, now - sentAt)
        send(now)
      },
      lost: (reason) => this.tally.fail(reason),
    })
    this.#links.push(link)
    this.#starts.push(send)
  }

  start(): void {
    for (const send of this.#starts) send(performance.now())
  }

  async stop(): Promise<void> {
    this.#budget.stop()
    await settled(
      () => this.#underWay === 0,
      () => `${this.#underWay} requests without an answer`,
    )
  }

  close(): void {
    for (const link of this.#links) link.close()
  }
}
