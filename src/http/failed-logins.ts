import type { Clock } from '../core/ports.ts'
import { addressKey } from './address.ts'

const windowMs = 60_000
/** Attack: logins from ever new addresses. Beyond this many, strangers share one count. */
const maxAddresses = 100_000
const strangers = '*'

/** Counts wrong tokens and passwords per address and minute (spec/safety.md §4). A right one is always served. */
export class FailedLogins {
  readonly #limit: number
  readonly #clock: Clock
  readonly #counts = new Map<string, number>()
  #windowEnd = 0

  constructor(limit: number, clock: Clock) {
    this.#limit = limit
    this.#clock = clock
  }

  /** Counts one; false once the address has used up its minute. */
  count(address: string): boolean {
    if (this.isSpent(address)) return false
    const key = this.#keyOf(address)
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1)
    return true
  }

  /** Whether the next failure of the address would be one too many. */
  isSpent(address: string): boolean {
    const now = this.#clock.now()
    if (now >= this.#windowEnd) {
      this.#counts.clear()
      this.#windowEnd = now + windowMs
    }
    return (this.#counts.get(this.#keyOf(address)) ?? 0) >= this.#limit
  }

  #keyOf(address: string): string {
    const key = addressKey(address)
    return this.#counts.has(key) || this.#counts.size < maxAddresses ? key : strangers
  }
}
