import type { Clock } from '../../src/core/ports.ts'

/** A clock that goes only when the test says so. */
export interface ManualClock extends Clock {
  /** Goes on in steps, running what falls due, with time for real sockets in between. */
  advance(ms: number): Promise<void>
}

interface Timer {
  readonly at: number
  readonly run: () => void
}

const stepMs = 1000

/** Starts at the real time, so that dates look like dates. */
export function createManualClock(start = Date.now()): ManualClock {
  let now = start
  const timers = new Set<Timer>()

  async function goTo(time: number): Promise<void> {
    for (;;) {
      const next = earliest(timers)
      if (next === undefined || next.at > time) break
      now = Math.max(now, next.at)
      timers.delete(next)
      next.run()
      await turns(3)
    }
    now = time
    await turns(5)
  }

  return {
    now: () => now,
    after(ms, run) {
      const timer = { at: now + Math.max(0, ms), run }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    endOfTurn: (run) => void setImmediate(run),
    async advance(ms) {
      const end = now + ms
      while (now < end) await goTo(Math.min(end, now + stepMs))
    },
  }
}

function earliest(timers: Set<Timer>): Timer | undefined {
  let first: Timer | undefined
  for (const timer of timers) if (first === undefined || timer.at < first.at) first = timer
  return first
}

/** Turns of the event loop. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}
