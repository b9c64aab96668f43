import { arch, cpus, platform, totalmem } from 'node:os'
import type { Cores } from '../processes/cores.ts'

/** What the figures depend on. */
export interface Machine {
  readonly date: string
  readonly system: string
  readonly processor: string
  readonly cores: number
  readonly memoryGiB: number
  readonly node: string
  readonly pinning: string
}

/** Describes this machine without naming it. */
export function describeMachine(pinned: Cores): Machine {
  return {
    date: new Date().toISOString().slice(0, 10),
    system: `${platform()} ${arch()}`,
    processor: cpus()[0]?.model.trim() || 'unknown processor',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 1024 ** 3),
    node: process.version,
    pinning:
      pinned.server === undefined
        ? 'nothing is pinned: server and load generator share the cores'
        : `server pinned to core ${pinned.server}, load generator to core ${pinned.generator}`,
  }
}
