import type { Clock } from './ports.ts'
import type { CoreSettings } from './settings.ts'

const windowMs = 60_000
const maxAddresses = 10_000

/**
 * Refused CONNECTs per address and minute (spec/safety.md §4): above the budget a CONNECT is refused without a
 * hook, so that nobody uses Offhook to try passwords on the app.
 */
export class RefusalBudget {
  readonly #clock: Clock
  readonly #settings: CoreSettings
  readonly #refused = new Map<string, { count: number; until: number }>()

  constructor(clock: Clock, settings: CoreSettings) {
    this.#clock = clock
    this.#settings = settings
  }

  isSpent(address: string): boolean {
    const entry = this.#refused.get(address)
    if (entry === undefined || entry.until <= this.#clock.now()) return false
    return entry.count >= this.#settings.maxRefusedConnectsPerMinute
  }

  spend(address: string): void {
    const now = this.#clock.now()
    const entry = this.#refused.get(address)
    if (entry !== undefined && entry.until > now) {
      entry.count += 1
      return
    }
    this.#refused.delete(address)
    this.#refused.set(address, { count: 1, until: now + windowMs })
    if (this.#refused.size > maxAddresses) this.#forgetOldest()
  }

  #forgetOldest(): void {
    for (const address of this.#refused.keys()) {
      this.#refused.delete(address)
      return
    }
  }
}
