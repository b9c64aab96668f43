import { Acceptor } from './acceptor.ts'
import type { Core, CoreParts } from './core.ts'
import { Delivery } from './delivery.ts'
import { GateKeeper } from './gate-keeper.ts'
import { Hub } from './hub.ts'
import { Lanes } from './lanes.ts'
import { Maintenance } from './maintenance.ts'
import type { ChannelOptions } from './options.ts'
import { Pollers } from './pollers.ts'
import { serveRequests } from './remote.ts'
import { showWatched } from './server-presence.ts'

/** A core with the doors that lead into it. */
export interface RunningCore {
  readonly core: Core
  readonly acceptor: Acceptor
  /** Claims this node's lease and starts what runs by itself. Rejects if the store does not answer. */
  start(): Promise<void>
  /** Waits for what is under way, at most `drainTimeoutMs`; nobody leaves anything (G10). */
  stop(): Promise<void>
}

/** Puts the core together from its ports. */
export function createCore(parts: CoreParts): RunningCore {
  const work = new Set<Promise<unknown>>()
  let stopping = false
  const background = (stage: string, promise: Promise<unknown>): void => {
    work.add(promise)
    const done = () => work.delete(promise)
    promise.then(done, (error: unknown) => {
      done()
      parts.telemetry.failure(stage, error)
    })
  }
  const core = {
    ...parts,
    delivery: new Delivery(parts.clock, (connection, error) => {
      parts.telemetry.failure('delivery', error, { connection: connection.id })
      connection.link.close(1011, 'internal error')
    }),
    userLanes: new Lanes(),
    reconcileLanes: new Lanes(),
    background,
    stopping: () => stopping,
  } as { -readonly [K in keyof Core]: Core[K] }
  core.gates = new GateKeeper(parts, (connection, cookie) => {
    core.delivery.tell([connection], { event: 'cookie', cookie })
  })
  core.hub = new Hub(core)
  core.pollers = new Pollers(core)
  core.channelConfigured = (
    name: string,
    options: ChannelOptions,
    polling: 'changed' | 'same' = 'changed',
  ) => {
    if (polling === 'changed') core.pollers.configure(name, options)
    background('server presence', showWatched(core, name, options))
  }
  core.rooms = parts.roomLayer?.(core)
  const acceptor = new Acceptor(core)
  const maintenance = new Maintenance(core)
  serveRequests(core)
  return {
    core,
    acceptor,
    start: () => maintenance.start(),
    stop: async () => {
      const { clock, settings } = parts
      const timeout = new Promise<void>((resolve) => {
        clock.after(settings.drainTimeoutMs, resolve)
      })
      await acceptor.drain(Math.min(2000, settings.drainTimeoutMs / 4))
      stopping = true
      maintenance.stop()
      core.pollers.stopAll()
      const settled = acceptor.settled().then(() => Promise.allSettled([...work]))
      await Promise.race([settled, timeout])
      acceptor.close()
      // A store that is down must not keep the node from stopping: its lease runs out by itself.
      await maintenance.release().catch((error: unknown) => parts.telemetry.failure('stop', error))
    },
  }
}
