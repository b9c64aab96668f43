import type { Clock } from '../../src/core/ports.ts'

interface Happening {
  readonly at: number
  readonly order: number
  readonly run: () => void
  cancelled: boolean
}

const beginning = 1_790_000_000_000

/**
 * The only source of time and of turns: what happens next is the earliest thing planned, and all promises it settles
 * have run their course before the next. So a run depends on its seed alone, and takes no real time.
 */
export class Timeline {
  now = beginning
  readonly #heap: Happening[] = []
  #order = 0

  /** Plans `run` for `ms` from now; the returned function cancels. */
  after(ms: number, run: () => void): () => void {
    this.#order += 1
    const happening: Happening = {
      at: this.now + Math.max(0, Math.round(ms)),
      order: this.#order,
      run,
      cancelled: false,
    }
    push(this.#heap, happening)
    return () => {
      happening.cancelled = true
    }
  }

  /** Since the beginning, in seconds, for traces. */
  get elapsed(): string {
    return ((this.now - beginning) / 1000).toFixed(3)
  }

  /** Lets everything up to `ms` from now happen, unless `stops` says that it is enough. */
  async pass(ms: number, stops: () => boolean = () => false): Promise<void> {
    const end = this.now + ms
    await settle()
    while (!stops()) {
      const next = this.#heap[0]
      if (next === undefined || next.at > end) break
      pop(this.#heap)
      if (next.cancelled) continue
      this.now = next.at
      next.run()
      await settle()
    }
    if (!stops()) this.now = end
  }
}

/** A process that can die: nothing that it planned or awaits happens afterwards. */
export class Life {
  isOver = false

  /** `run`, unless the life is over by then. */
  while(run: () => void): () => void {
    return () => {
      if (!this.isOver) run()
    }
  }
}

/** The clock of one process, which may be fast or slow by `skewMs`. */
export function clockOf(timeline: Timeline, life: Life, skewMs: number): Clock {
  return {
    now: () => timeline.now + skewMs,
    after: (ms, run) => timeline.after(ms, life.while(run)),
    endOfTurn: (run) => void timeline.after(0, life.while(run)),
  }
}

/** Ticks come after all microtasks that are waiting: exactly what one happening has brought about has run. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    process.nextTick(resolve)
  })
}

function isBefore(one: Happening, other: Happening): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order)
}

function push(heap: Happening[], item: Happening): void {
  let index = heap.length
  heap.push(item)
  while (index > 0) {
    const parent = (index - 1) >> 1
    const above = heap[parent] as Happening
    if (!isBefore(item, above)) break
    heap[index] = above
    index = parent
  }
  heap[index] = item
}

function pop(heap: Happening[]): void {
  const last = heap.pop() as Happening
  if (heap.length === 0) return
  let index = 0
  for (;;) {
    let child = 2 * index + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && isBefore(heap[child + 1] as Happening, heap[child] as Happening))
      child += 1
    if (!isBefore(heap[child] as Happening, last)) break
    heap[index] = heap[child] as Happening
    index = child
  }
  heap[index] = last
}
