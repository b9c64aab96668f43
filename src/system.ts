import { randomBytes, randomFillSync } from 'node:crypto'
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

const pool = Buffer.alloc(4096)
let used = pool.length

/** Each byte is handed out once. A call of the operating system for a few at a time costs more than a whole publish. */
function takeHex(count: number): string {
  if (count > pool.length) return randomBytes(count).toString('hex')
  if (used + count > pool.length) {
    randomFillSync(pool)
    used = 0
  }
  const text = pool.toString('hex', used, used + count)
  used += count
  return text
}

/** Unguessable bytes from the operating system. */
export const systemRandom: Random = {
  hex: takeHex,
  float: Math.random,
}
