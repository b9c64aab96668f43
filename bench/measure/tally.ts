import { Histogram } from './histogram.ts'

/** What a load has brought about since the last reset. */
export class Tally {
  count = 0
  latency = new Histogram()
  /** Rejects when the load cannot go on. */
  readonly failed: Promise<never>
  readonly #reject: (error: Error) => void

  constructor() {
    const { promise, reject } = Promise.withResolvers<never>()
    this.failed = promise
    this.#reject = reject
    // A failure after the last window is nobody's concern.
    promise.catch(() => {})
  }

  /** `count` deliveries (or answers) that took `ms` each. */
  add(count: number, ms: number): void {
    this.count += count
    this.latency.add(ms, count)
  }

  fail(reason: string): void {
    this.#reject(new Error(reason))
  }

  reset(): void {
    this.count = 0
    this.latency = new Histogram()
  }
}
