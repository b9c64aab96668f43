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

/** Bytes asked of the operating system at once: one call for each id costs more than the rest of its publish. */
const poolBytes = 4096
let pool = Buffer.alloc(0)
let poolUsed = 0

/** Unguessable bytes from the operating system; none is given twice. */
export const systemRandom: Random = {
  hex(count) {
    if (count > poolBytes) return randomBytes(count).toString('hex')
    if (poolUsed + count > pool.length) {
      pool = randomBytes(poolBytes)
      poolUsed = 0
    }
    const from = poolUsed
    poolUsed += count
    return pool.toString('hex', from, poolUsed)
  },
  float: Math.random,
}
