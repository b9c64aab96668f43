import { Deadlines } from '../../core/deadlines.ts'
import type { Clock } from '../../core/ports.ts'
import type { CspSession, SessionTimes } from './session.ts'

/** The deadlines of all sessions, on two timers in all. */
export class CspTimes implements SessionTimes {
  readonly #clock: Clock
  readonly #expiry: Deadlines<CspSession>
  readonly #wake: Deadlines<CspSession>

  constructor(clock: Clock) {
    this.#clock = clock
    this.#expiry = new Deadlines(clock, (session) => session.expire())
    this.#wake = new Deadlines(clock, (session) => session.wake())
  }

  now(): number {
    return this.#clock.now()
  }

  expireIn(session: CspSession, ms: number): void {
    this.#expiry.set(session, ms)
  }

  neverExpire(session: CspSession): void {
    this.#expiry.clear(session)
  }

  wakeIn(session: CspSession, ms: number): void {
    this.#wake.set(session, ms)
  }

  neverWake(session: CspSession): void {
    this.#wake.clear(session)
  }

  close(): void {
    this.#expiry.close()
    this.#wake.close()
  }
}
