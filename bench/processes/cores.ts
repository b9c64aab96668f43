import { spawnSync } from 'node:child_process'
import { allowedCores } from './proc.ts'

/** Which core each part runs on; undefined: wherever the system likes. */
export interface Cores {
  readonly generator?: number
  readonly server?: number
  readonly app?: number
}

/** Puts this process on the first core it may use, and plans the second for servers. Needs Linux and taskset. */
export function pinToCores(): Cores {
  const [generator, server, third] = allowedCores() ?? []
  if (generator === undefined || server === undefined) return {}
  const pinned = spawnSync('taskset', ['-a', '-c', '-p', String(generator), String(process.pid)])
  if (pinned.status !== 0) return {}
  return { generator, server, app: third ?? generator }
}
