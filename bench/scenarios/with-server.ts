import type { ChannelKind, Running } from '../contenders/contender.ts'
import { type Load, measureLoad, type Sample } from '../measure/window.ts'
import type { Turn } from './scenario.ts'

const maxSends = 50_000_000
const spareMs = 10_000

/** Starts the turn's contender, and ends it whatever becomes of `use`. */
export async function withServer<T>(
  { contender, cores }: Turn,
  setup: { channels: ChannelKind; memory?: boolean },
  use: (server: Running) => Promise<T>,
): Promise<T> {
  const server = await contender.start({ ...setup, cores })
  try {
    return await use(server)
  } finally {
    await server.stop()
  }
}

/** Measures a load against a server for as long as the turn says. */
export function measure(load: Load, server: Running, { sizes, cores }: Turn): Promise<Sample> {
  const { warmUpMs, measureMs } = sizes
  const { pid, appPid } = server
  return measureLoad(load, {
    pid,
    warmUpMs,
    measureMs,
    ...(appPid === undefined ? {} : { appPid }),
    ...(cores.server === undefined ? {} : { core: cores.server }),
  })
}

/** How far a load of this turn may go if nobody ends it. */
export function limitsOf({ sizes }: Turn): { maxSends: number; maxMs: number } {
  return { maxSends, maxMs: sizes.warmUpMs + sizes.measureMs + spareMs }
}
