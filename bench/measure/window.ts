import { setTimeout as sleep } from 'node:timers/promises'
import { busySeconds, cpuSeconds } from '../processes/proc.ts'
import type { Tally } from './tally.ts'

/** A load that drives itself: each answer sends the next message. */
export interface Load {
  readonly tally: Tally
  start(): void
  /** Sends nothing more; resolves when all that was sent is answered. Rejects if that does not come. */
  stop(): Promise<void>
}

/** Whose processor time is read, and how long is measured. */
export interface Watch {
  readonly pid: number
  readonly appPid?: number
  /** The server's own core. */
  readonly core?: number
  readonly warmUpMs: number
  readonly measureMs: number
}

/** What one window saw. */
export interface Sample {
  readonly perSecond: number
  readonly p50Ms?: number
  readonly p99Ms?: number
  /** Processor seconds of the server per million deliveries. */
  readonly cpuPerMillion?: number
  /** Share of one core that the server used. */
  readonly serverShare?: number
  /** Share of the server's core that others used, the machine below included. */
  readonly othersShare?: number
  /** Share of one core that the load generator, with the app that it answers hooks by, used. */
  readonly generatorShare: number
}

/** Runs a load: lets it warm up, measures it for a while, and ends it. */
export async function measureLoad(load: Load, watch: Watch): Promise<Sample> {
  load.start()
  await Promise.race([sleep(watch.warmUpMs), load.tally.failed])
  const before = readClocks(watch)
  load.tally.reset()
  await Promise.race([sleep(watch.measureMs), load.tally.failed])
  const { count, latency } = load.tally
  const after = readClocks(watch)
  await Promise.race([load.stop(), load.tally.failed])
  if (count === 0) throw new Error('nothing was delivered')
  const seconds = after.wall - before.wall
  const server = difference(after.server, before.server)
  const app = difference(after.app, before.app) ?? 0
  const core = difference(after.core, before.core)
  const p50Ms = latency.percentile(0.5)
  const p99Ms = latency.percentile(0.99)
  return {
    perSecond: count / seconds,
    generatorShare: (after.own - before.own + app) / seconds,
    ...(p50Ms === undefined ? {} : { p50Ms }),
    ...(p99Ms === undefined ? {} : { p99Ms }),
    ...(server === undefined
      ? {}
      : { cpuPerMillion: (server / count) * 1_000_000, serverShare: server / seconds }),
    ...(server === undefined || core === undefined
      ? {}
      : { othersShare: Math.max(0, core - server) / seconds }),
  }
}

interface Clocks {
  readonly wall: number
  readonly own: number
  readonly server: number | undefined
  readonly app: number | undefined
  readonly core: number | undefined
}

function readClocks({ pid, appPid, core }: Watch): Clocks {
  const { user, system } = process.cpuUsage()
  return {
    wall: performance.now() / 1000,
    own: (user + system) / 1_000_000,
    server: cpuSeconds(pid),
    app: appPid === undefined ? undefined : cpuSeconds(appPid),
    core: core === undefined ? undefined : busySeconds(core),
  }
}

function difference(after: number | undefined, before: number | undefined): number | undefined {
  return after === undefined || before === undefined ? undefined : after - before
}
