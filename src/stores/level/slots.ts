import { Failure } from '../../core/errors.ts'
import type { Engine, Group } from './engine.ts'
import { IdleCache } from './idle-cache.ts'

/** What memory holds of one channel or user. */
export interface Slot {
  readonly name: string
  /** Read from disk; commits may be evaluated. */
  loaded: boolean
  /** The queue of commits that wait for something to be read; without one, commits are evaluated at once. */
  queue: Promise<void> | undefined
  /** The last group that a change of it is in. */
  group: Group | undefined
  /** The engine's generation that it was made under. */
  readonly generation: number
}

/** How slots of one kind come to be. */
export interface SlotKind<S extends Slot> {
  readonly engine: Engine
  readonly limits: { readonly entries: number; readonly weight: number }
  weigh(slot: S): number
  make(name: string): S
  load(slot: S): Promise<void>
  dropped?(slot: S): void
}

/** Slots by name: at most one per name, loaded once, never dropped while something of it is under way. */
export class Slots<S extends Slot> {
  private readonly kind: SlotKind<S>
  private readonly cache: IdleCache<S>

  constructor(kind: SlotKind<S>) {
    this.kind = kind
    this.cache = new IdleCache<S>({
      ...kind.limits,
      isIdle: (slot) => slot.queue === undefined && slot.group?.settled !== false,
      weigh: (slot) => kind.weigh(slot),
      dropped: (slot) => kind.dropped?.(slot),
    })
  }

  /** The slot, if commits may be evaluated on it at once. */
  hot(name: string): S | undefined {
    if (!this.kind.engine.isOpen) return undefined
    const slot = this.cache.get(name)
    return slot?.loaded && slot.queue === undefined ? slot : undefined
  }

  /** Runs `act` in the order of the calls for this name, after the slot is loaded and `prepare` is through. */
  run<R>(
    name: string,
    act: (slot: S) => R,
    prepare?: (slot: S) => Promise<void> | undefined,
  ): Promise<R> {
    return this.kind.engine.use(() => this.enqueue(name, act, prepare))
  }

  grew(weight: number): void {
    this.cache.grew(weight)
  }

  clear(): void {
    this.cache.clear()
  }

  private async enqueue<R>(
    name: string,
    act: (slot: S) => R,
    prepare?: (slot: S) => Promise<void> | undefined,
  ): Promise<R> {
    const slot = this.slot(name)
    const turn = this.turn(slot, prepare).then(() => act(this.current(slot)))
    const queue = turn.then(
      () => undefined,
      () => undefined,
    )
    slot.queue = queue
    try {
      return await turn
    } finally {
      if (slot.queue === queue) slot.queue = undefined
    }
  }

  private async turn(slot: S, prepare?: (slot: S) => Promise<void> | undefined): Promise<void> {
    await slot.queue
    if (!slot.loaded) {
      await this.kind.load(slot)
      slot.loaded = true
    }
    await prepare?.(this.current(slot))
  }

  private slot(name: string): S {
    let slot = this.cache.get(name)
    if (slot === undefined) {
      slot = this.kind.make(name)
      this.cache.set(name, slot)
    }
    return slot
  }

  private current(slot: S): S {
    if (slot.generation !== this.kind.engine.generation)
      throw new Failure('store', 'a write failed meanwhile')
    return slot
  }
}
