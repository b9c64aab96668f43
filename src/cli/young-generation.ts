import { totalmem } from 'node:os'
import { constants, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks'
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'
import { YoungGenerationLimit } from './young-generation-limit.ts'

/**
 * Keeps V8's space for new objects small until it pays to have it larger. Left alone it grows to 128 MiB under the first
 * storm of connections, and what it has once taken stays with the process: more than ten thousand idle connections need
 * themselves. There is no setting for it once a process runs, but the factor by which it grows is read each time.
 */
export function limitYoungGeneration(connections: () => number): void {
  // Whoever sets it by hand has a reason.
  const flags = [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''].join(' ')
  if (/semi[-_]space/.test(flags)) return
  // Without a limit the latter is beyond all memory, or 0.
  const memory = Math.min(totalmem(), process.constrainedMemory() || totalmem())
  const limit = new YoungGenerationLimit(memory)
  let mayGrow = true
  const observer = new PerformanceObserver((list) => {
    let busyMs = 0
    for (const entry of list.getEntriesByType('gc')) {
      const { detail } = entry as PerformanceEntry & { readonly detail?: { readonly kind: number } }
      if (detail?.kind === constants.NODE_PERFORMANCE_GC_MINOR) busyMs += entry.duration
    }
    limit.collected({ at: performance.now(), busyMs, connections: connections() })
    const space = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')
    const hasRoom = space !== undefined && 2 * space.space_size <= limit.bytes * 1.1
    if (hasRoom === mayGrow) return
    mayGrow = hasRoom
    setFlagsFromString(`--semi-space-growth-factor=${mayGrow ? 2 : 1}`)
  })
  observer.observe({ entryTypes: ['gc'] })
}
