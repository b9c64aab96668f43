const growth = 1.02
const minMs = 0.001
const buckets = 1000

/** Times in buckets that are 2 % wide, from a microsecond to minutes: counting one costs a logarithm. */
export class Histogram {
  readonly #counts = new Float64Array(buckets)
  #total = 0

  /** Counts a time of `ms`, `times` times. */
  add(ms: number, times = 1): void {
    const at = Math.round(Math.log(Math.max(ms, minMs) / minMs) / Math.log(growth))
    const bucket = Math.min(at, buckets - 1)
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + times
    this.#total += times
  }

  /** The time below which `share` (0 to 1) of all are, in milliseconds; undefined while there are none. */
  percentile(share: number): number | undefined {
    if (this.#total === 0) return undefined
    let left = share * this.#total
    for (const [bucket, count] of this.#counts.entries()) {
      left -= count
      if (left <= 0 && count > 0) return minMs * growth ** bucket
    }
    return minMs * growth ** (buckets - 1)
  }
}
