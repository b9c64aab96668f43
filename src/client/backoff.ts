/** Bounds of the wait before the next try. */
export interface BackoffOptions {
  /** Most that the first wait takes; each further one may take twice as much. */
  readonly minMs: number
  readonly maxMs: number
}

/**
 * Full jitter: each wait is anywhere between nothing and a bound that doubles, so that the pages of a server that
 * was away do not come back all at once.
 */
export class Backoff {
  readonly #options: BackoffOptions
  #tries = 0

  constructor(options: BackoffOptions) {
    this.#options = options
  }

  /** Milliseconds to wait now. */
  next(): number {
    const bound = Math.min(this.#options.maxMs, this.#options.minMs * 2 ** this.#tries)
    this.#tries += 1
    return Math.random() * bound
  }

  reset(): void {
    this.#tries = 0
  }
}
