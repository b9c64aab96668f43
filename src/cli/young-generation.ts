import { PerformanceObserver } from 'node:perf_hooks'
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'

/** Both halves together. */
const maxBytes = 16 * 1_048_576

/**
 * Keeps V8's space for new objects small. On a machine with much memory it grows to 128 MiB under the first storm of
 * connections, and what it has once taken stays with the process: more than ten thousand idle connections need
 * themselves. There is no setting for it once a process runs, but the factor by which it grows is read each time.
 */
export function limitYoungGeneration(): void {
  // Whoever sets it by hand has a reason.
  const flags = [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''].join(' ')
  if (/semi[-_]space/.test(flags)) return
  let mayGrow = true
  const observer = new PerformanceObserver(() => {
    const space = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')
    const hasRoom = space !== undefined && 2 * space.space_size <= maxBytes * 1.1
    if (hasRoom === mayGrow) return
    mayGrow = hasRoom
    setFlagsFromString(`--semi-space-growth-factor=${mayGrow ? 2 : 1}`)
  })
  observer.observe({ entryTypes: ['gc'] })
}
