/** How much an IdleCache holds. */
export interface IdleCacheLimits<V> {
  readonly entries: number
  /** Sum of the weights told with `grew`. */
  readonly weight: number
  /** Only idle values may be dropped. */
  isIdle(value: V): boolean
  weigh(value: V): number
  dropped?(value: V): void
}

/**
 * Least recently used values go first, by generations: a value used again moves to the young generation, and
 * when that holds half of the limit, what is left of the old one is dropped. No list to relink on each use.
 */
export class IdleCache<V> {
  private readonly limits: IdleCacheLimits<V>
  private young = new Map<string, V>()
  private old = new Map<string, V>()
  private youngWeight = 0

  constructor(limits: IdleCacheLimits<V>) {
    this.limits = limits
  }

  get size(): number {
    return this.young.size + this.old.size
  }

  get(name: string): V | undefined {
    const value = this.young.get(name)
    if (value !== undefined) return value
    const aged = this.old.get(name)
    if (aged !== undefined) {
      this.old.delete(name)
      this.set(name, aged)
    }
    return aged
  }

  set(name: string, value: V): void {
    this.young.set(name, value)
    this.grew(this.limits.weigh(value))
  }

  /** A value in use has become heavier (or lighter). */
  grew(weight: number): void {
    this.youngWeight += weight
    const { entries, weight: most } = this.limits
    if (this.young.size * 2 > entries || this.youngWeight * 2 > most) this.rotate()
  }

  clear(): void {
    this.young = new Map()
    this.old = new Map()
    this.youngWeight = 0
  }

  private rotate(): void {
    const leaving = this.old
    this.old = this.young
    this.young = new Map()
    this.youngWeight = 0
    for (const [name, value] of leaving) {
      if (this.limits.isIdle(value)) this.limits.dropped?.(value)
      else {
        this.young.set(name, value)
        this.youngWeight += this.limits.weigh(value)
      }
    }
  }
}
