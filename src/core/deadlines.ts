import type { Clock } from './ports.ts'

/**
 * Deadlines of many connections on one timer: swept once a second while there are any, so that no connection
 * or message costs a timer of its own. A deadline fires at most one sweep late.
 */
export class Deadlines<Key> {
  readonly #clock: Clock
  readonly #onDue: (key: Key) => void
  readonly #due = new Map<Key, number>()
  #cancelSweep: (() => void) | undefined

  constructor(clock: Clock, onDue: (key: Key) => void) {
    this.#clock = clock
    this.#onDue = onDue
  }

  /** Sets or moves the deadline of `key` to `ms` from now. */
  set(key: Key, ms: number): void {
    this.#due.set(key, this.#clock.now() + ms)
    this.#schedule()
  }

  has(key: Key): boolean {
    return this.#due.has(key)
  }

  clear(key: Key): void {
    this.#due.delete(key)
  }

  close(): void {
    this.#due.clear()
    this.#cancelSweep?.()
  }

  #schedule(): void {
    this.#cancelSweep ??= this.#clock.after(sweepMs, () => this.#sweep())
  }

  #sweep(): void {
    this.#cancelSweep = undefined
    const now = this.#clock.now()
    for (const [key, due] of this.#due) {
      if (due > now) continue
      this.#due.delete(key)
      this.#onDue(key)
    }
    if (this.#due.size > 0) this.#schedule()
  }
}

const sweepMs = 1000
