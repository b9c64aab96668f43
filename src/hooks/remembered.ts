import type { Profile } from '../core/ports.ts'

/** Profiles of tokens that the app has known, for a while (spec/hipochat.md §1). */
export interface Remembered {
  get(key: string): Profile | undefined
  set(key: string, profile: Profile): void
  delete(key: string): void
}

export interface RememberedLimits {
  /** 0 = nothing is remembered. */
  readonly ttlMs: number
  /** The one longest not used makes room: whoever has many tokens must not fill the memory. */
  readonly entries: number
  /** Milliseconds. */
  readonly now: () => number
}

/** Keys are digests: a copy of the memory shows no token. */
export function createRemembered({ ttlMs, entries, now }: RememberedLimits): Remembered {
  // A Map keeps the order in which keys were put in: the first one is the longest not used.
  const known = new Map<string, { readonly profile: Profile; readonly until: number }>()
  return {
    get(key) {
      const one = known.get(key)
      if (one === undefined) return undefined
      known.delete(key)
      if (one.until <= now()) return undefined
      known.set(key, one)
      return one.profile
    },
    set(key, profile) {
      known.delete(key)
      if (ttlMs === 0) return
      known.set(key, { profile, until: now() + ttlMs })
      const [oldest] = known.keys()
      if (known.size > entries && oldest !== undefined) known.delete(oldest)
    },
    delete(key) {
      known.delete(key)
    },
  }
}
