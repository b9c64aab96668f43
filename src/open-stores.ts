import type { Config } from './config/config.ts'
import type { Clock, Stores } from './core/ports.ts'

/** Opens the store that the configuration names. Throws Failure with the reason. */
export async function openStores(
  config: Config,
  parts: { readonly clock: Clock; readonly onProblem: (problem: string) => void },
): Promise<Stores> {
  const { recoveryEntries, recoverySeconds } = config
  const now = () => parts.clock.now()
  if (config.store === 'memory') {
    const { createMemoryStores } = await import('./stores/memory/index.ts')
    return createMemoryStores({ recoveryEntries, recoverySeconds, now })
  }
  const { openLevelStores } = await import('./stores/level/index.ts')
  const folder = config.store.slice('level:'.length)
  return openLevelStores({
    folder,
    recoveryEntries,
    recoverySeconds,
    now,
    onProblem: parts.onProblem,
  })
}
