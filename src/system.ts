import { randomBytes } from 'node:crypto'
import type { Clock, Random } from './core/ports.ts'

/** The computer's time. Its timers never keep the process alive. */
export const systemClock: Clock = {
  now: Date.now,
  after(ms, run) {
    const timer = setTimeout(run, Math.min(ms, maxTimerMs))
    timer.unref()
    return () => clearTimeout(timer)
  },
  endOfTurn: (run) => {
    setImmediate(run)
  },
}

/** Node fires longer timers at once. */
const maxTimerMs = 2 ** 31 - 1

/** Unguessable bytes from the operating system. */
export const systemRandom: Random = {
  hex: (count) => randomBytes(count).toString('hex'),
  float: Math.random,
}
