import { randomUUID } from 'node:crypto'
import type { Changed } from '../../core/ports.ts'

/**
 * Names changed lately, for `changed(cursor)`. Two generations of names: when the young one is full it becomes
 * the old one, and cursors from before that learn that anything may have changed.
 */
export class ChangeLog {
  // A cursor of another process, or of this one before a restart, must not be taken for one of ours.
  private readonly incarnation = randomUUID()
  private readonly capacity: number
  private sequence = 0
  private floor = 0
  private youngFrom = 0
  private old = new Map<string, number>()
  private young = new Map<string, number>()

  /** Remembers at least `capacity / 2` names. */
  constructor(capacity = 100_000) {
    this.capacity = capacity
  }

  mark(name: string): void {
    this.sequence += 1
    this.young.set(name, this.sequence)
    if (this.young.size * 2 < this.capacity) return
    this.old = this.young
    this.young = new Map()
    this.floor = this.youngFrom
    this.youngFrom = this.sequence
  }

  changed(cursor: string | undefined): Changed {
    const next = `${this.incarnation}:${this.sequence}`
    if (cursor === undefined) return { cursor: next, names: [] }
    const since = this.parse(cursor)
    if (since === undefined || since < this.floor) return { cursor: next, names: 'all' }
    const names = new Set<string>()
    for (const generation of [this.old, this.young])
      for (const [name, sequence] of generation) if (sequence > since) names.add(name)
    return { cursor: next, names: [...names] }
  }

  private parse(cursor: string): number | undefined {
    const prefix = `${this.incarnation}:`
    if (!cursor.startsWith(prefix)) return undefined
    const sequence = Number(cursor.slice(prefix.length))
    return sequence <= this.sequence ? sequence : undefined
  }
}
