/** How much a load loop may send and until when, whatever becomes of whoever should stop it. */
export interface Limits {
  readonly maxSends: number
  readonly maxMs: number
}

/** Says before each send of a load loop whether it may still be done. */
export class Budget {
  readonly #until: number
  #left: number
  #isStopped = false

  constructor(limits: Limits) {
    this.#left = limits.maxSends
    this.#until = performance.now() + limits.maxMs
  }

  /** No send after this. */
  stop(): void {
    this.#isStopped = true
  }

  /** Whether one more may be sent at `now` (performance.now()). */
  spend(now: number): boolean {
    if (this.#isStopped || this.#left <= 0 || now > this.#until) return false
    this.#left -= 1
    return true
  }
}
