import type { Core } from './core.ts'
import { Refusal } from './errors.ts'

const leaseMs = 30_000
const pollMs = 50

/** The lease that says a node is alive. */
export function nodeLease(node: string): string {
  return `node:${node}`
}

/**
 * Runs `act` as the only node that does. Waits while another node holds the lease: its work may settle the matter,
 * so `act` looks again first. Throws Refusal `node_unreachable` after a lease's length.
 */
export async function whileLeased<T>(core: Core, name: string, act: () => Promise<T>): Promise<T> {
  const { leases } = core.stores
  const deadline = core.clock.now() + leaseMs
  while (!(await leases.acquire(name, core.nodeId, leaseMs))) {
    if (core.clock.now() > deadline) throw new Refusal('node_unreachable')
    await new Promise<void>((resolve) => {
      core.clock.after(pollMs, resolve)
    })
  }
  try {
    return await act()
  } finally {
    await leases.release(name, core.nodeId)
  }
}
