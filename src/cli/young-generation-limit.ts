const mebibyte = 1_048_576
const smallest = 16 * mebibyte
/** V8's own limit on 64-bit systems. */
const largest = 128 * mebibyte
/** At most this part of the memory there is. */
const partOfMemory = 64
/** As long as it takes to see a load. */
const windowMs = 500
/** It pays to be larger where collecting takes more of the time than this. */
const worthwhile = 0.05
/** So many newcomers in a window are a storm: what comes with them stays, and no larger space would let it die first. */
const stormPart = 0.01
const stormMin = 10

/** What has been collected since the last time. */
interface Collections {
  /** Milliseconds of a clock that only goes forward. */
  readonly at: number
  /** How long collections of new objects took. */
  readonly busyMs: number
  /** Connections there are now. */
  readonly connections: number
}

/**
 * How large V8's space for new objects may become, both halves together: doubled while a steady load spends much of its
 * time on collecting them, never for connections that only come.
 */
export class YoungGenerationLimit {
  #bytes = smallest
  readonly #max: number
  #began = 0
  #busyMs = 0
  #connections = 0

  /** `memory`: bytes that the process may use. */
  constructor(memory: number) {
    this.#max = Math.min(largest, Math.max(smallest, memory / partOfMemory))
  }

  get bytes(): number {
    return this.#bytes
  }

  collected({ at, busyMs, connections }: Collections): void {
    this.#busyMs += busyMs
    const ms = at - this.#began
    if (ms < windowMs) return
    const newcomers = connections - this.#connections
    const isStorm = newcomers > Math.max(stormMin, connections * stormPart)
    if (!isStorm && this.#busyMs / ms > worthwhile && 2 * this.#bytes <= this.#max) this.#bytes *= 2
    this.#began = at
    this.#busyMs = 0
    this.#connections = connections
  }
}
