import type { Leases } from '../../core/ports.ts'

interface Lease {
  readonly owner: string
  readonly until: number
}

/** Leases of one process, on the clock `now` (Unix milliseconds). They end with the process, as its work does. */
export class ProcessLeases implements Leases {
  private readonly now: () => number
  private readonly held = new Map<string, Lease>()
  private sweepAt = 1024

  constructor(now: () => number) {
    this.now = now
  }

  async acquire(name: string, owner: string, ttlMs: number): Promise<boolean> {
    const lease = this.live(name)
    if (lease !== undefined && lease.owner !== owner) return false
    this.held.set(name, { owner, until: this.now() + ttlMs })
    this.sweep()
    return true
  }

  async renew(name: string, owner: string, ttlMs: number): Promise<boolean> {
    if (this.live(name)?.owner !== owner) return false
    this.held.set(name, { owner, until: this.now() + ttlMs })
    return true
  }

  async release(name: string, owner: string): Promise<void> {
    if (this.held.get(name)?.owner === owner) this.held.delete(name)
  }

  async holder(name: string): Promise<string | undefined> {
    return this.live(name)?.owner
  }

  private live(name: string): Lease | undefined {
    const lease = this.held.get(name)
    return lease !== undefined && lease.until > this.now() ? lease : undefined
  }

  /** Forgets leases that ran out, each time their number has doubled. */
  private sweep(): void {
    if (this.held.size < this.sweepAt) return
    const now = this.now()
    for (const [name, lease] of this.held) if (lease.until <= now) this.held.delete(name)
    this.sweepAt = Math.max(1024, this.held.size * 2)
  }
}
