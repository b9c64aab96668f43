/** Says of each limit at most once a minute that it was reached, however often it is. */
export interface LimitLog {
  reached(limit: string): void
}

const quietMs = 60_000

interface Seen {
  loggedAt: number
  /** Times since the last line. */
  count: number
}

/** `log` is called with how often the limit was reached since its last line, this time included. */
export function createLimitLog(
  now: () => number,
  log: (limit: string, times: number) => void,
): LimitLog {
  const seen = new Map<string, Seen>()
  return {
    reached(limit) {
      const one = seen.get(limit) ?? { loggedAt: Number.NEGATIVE_INFINITY, count: 0 }
      seen.set(limit, one)
      one.count += 1
      if (now() - one.loggedAt < quietMs) return
      log(limit, one.count)
      one.loggedAt = now()
      one.count = 0
    },
  }
}
