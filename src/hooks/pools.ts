import { type Dispatcher, Pool } from 'undici'
import { verifiesCertificate } from './hook-url.ts'
import type { HookSettings } from './settings.ts'

/** Kept links to the app: one pool per origin, links reused. */
export interface Pools {
  pool(url: URL): Dispatcher
  /** Lets go of the origins that are not in `urls`, once what they carry is done. */
  keepOnly(urls: readonly URL[]): void
  close(): Promise<void>
}

/** How links are made. */
type LinkSettings = Pick<HookSettings, 'hookTimeoutMs' | 'maxHooksInFlight' | 'cbInsecure'>

/** How a pool makes its links; a change needs new ones. */
function poolKey(settings: LinkSettings, url: URL): string {
  return `${verifiesCertificate(settings, url.hostname)} ${url.origin}`
}

/** `settings` is asked for each pool made. */
export function createPools(settings: () => LinkSettings): Pools {
  const pools = new Map<string, Pool>()
  const closing = new Set<Promise<void>>()
  /** Pools by the URLs that were asked for: those of hooks are the same objects for as long as their settings. */
  let recent = new WeakMap<URL, Pool>()

  function make(url: URL): Pool {
    const { hookTimeoutMs, maxHooksInFlight, cbInsecure } = settings()
    return new Pool(url.origin, {
      connections: maxHooksInFlight,
      // A link that is still being made when its hook's deadline passes is given up soon after.
      connect: {
        timeout: hookTimeoutMs,
        rejectUnauthorized: verifiesCertificate({ cbInsecure }, url.hostname),
      },
    })
  }

  function end(key: string, pool: Pool): void {
    pools.delete(key)
    recent = new WeakMap()
    const closed = pool.close().finally(() => closing.delete(closed))
    closing.add(closed)
  }

  return {
    pool(url) {
      let pool = recent.get(url)
      if (pool !== undefined) return pool
      const key = poolKey(settings(), url)
      pool = pools.get(key) ?? make(url)
      pools.set(key, pool)
      recent.set(url, pool)
      return pool
    },
    keepOnly(urls) {
      const keys = new Set(urls.map((url) => poolKey(settings(), url)))
      for (const [key, pool] of pools) if (!keys.has(key)) end(key, pool)
    },
    async close() {
      for (const [key, pool] of pools) end(key, pool)
      await Promise.all(closing)
    },
  }
}
