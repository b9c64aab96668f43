import { Refusal } from '../core/errors.ts'

/** How much may be under way at once (spec/safety.md §4). */
export interface AdmissionLimits {
  readonly inFlight: number
  readonly waiting: number
  /** How long one may wait for its turn. */
  readonly waitMs: number
}

/** Lets so many run at once; the others wait in order. */
export interface Admission {
  /** Runs `work` in its turn. Throws Refusal `app_busy` where the line is full or does not move. */
  run<T>(work: () => Promise<T>): Promise<T>
  /** Resolves when nothing runs or waits. */
  idle(): Promise<void>
}

/** `limits` is asked each time, so that a change holds at once; `onFull` is told of each refusal. */
export function createAdmission(limits: () => AdmissionLimits, onFull: () => void): Admission {
  // A Set keeps order and lets one who gives up leave from the middle.
  const waiting = new Set<() => void>()
  let running = 0
  let idlers: (() => void)[] = []

  function refuse(): Refusal {
    onFull()
    return new Refusal('app_busy')
  }

  function turn(waitMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const giveUp = setTimeout(() => {
        waiting.delete(go)
        reject(refuse())
      }, waitMs)
      const go = (): void => {
        clearTimeout(giveUp)
        running += 1
        resolve()
      }
      waiting.add(go)
    })
  }

  function leave(): void {
    running -= 1
    const [next] = waiting
    if (next) {
      waiting.delete(next)
      next()
    } else if (running === 0) {
      for (const idler of idlers) idler()
      idlers = []
    }
  }

  async function run<T>(work: () => Promise<T>): Promise<T> {
    const { inFlight, waiting: most, waitMs } = limits()
    if (running < inFlight) running += 1
    else if (waiting.size < most) await turn(waitMs)
    else throw refuse()
    try {
      return await work()
    } finally {
      leave()
    }
  }

  function idle(): Promise<void> {
    if (running === 0) return Promise.resolve()
    return new Promise((resolve) => idlers.push(resolve))
  }

  return { run, idle }
}
