import { randomUUID } from 'node:crypto'
import type { Changed } from '../../core/ports.ts'

/** The newest change of one name. */
interface Mark<Place> {
  readonly sequence: number
  readonly place: Place
}

/**
 * Names changed lately, for `changed(cursor)`. Two generations of names: when the young one is full it becomes
 * the old one, and cursors from before that learn that anything may have changed.
 */
export class ChangeLog<Place> {
  // A cursor of another process, or of this one before a restart, must not be taken for one of ours.
  private readonly incarnation = randomUUID()
  private readonly capacity: number
  private sequence = 0
  private floor = 0
  private youngFrom = 0
  private old = new Map<string, Mark<Place>>()
  private young = new Map<string, Mark<Place>>()

  /** Remembers at least `capacity / 2` names. */
  constructor(capacity = 100_000) {
    this.capacity = capacity
  }

  /** `name` has changed, and stands at `place` now. */
  mark(name: string, place: Place): void {
    this.sequence += 1
    this.young.set(name, { sequence: this.sequence, place })
    if (this.young.size * 2 < this.capacity) return
    this.old = this.young
    this.young = new Map()
    this.floor = this.youngFrom
    this.youngFrom = this.sequence
  }

  changed(cursor: string | undefined): Changed<Place> {
    const next = `${this.incarnation}:${this.sequence}`
    const places = new Map<string, Place>()
    if (cursor === undefined) return { cursor: next, places }
    const since = this.parse(cursor)
    if (since === undefined || since < this.floor) return { cursor: next, places: 'all' }
    for (const generation of [this.old, this.young])
      for (const [name, { sequence, place }] of generation)
        if (sequence > since) places.set(name, place)
    return { cursor: next, places }
  }

  private parse(cursor: string): number | undefined {
    const prefix = `${this.incarnation}:`
    if (!cursor.startsWith(prefix)) return undefined
    const sequence = Number(cursor.slice(prefix.length))
    return sequence <= this.sequence ? sequence : undefined
  }
}
