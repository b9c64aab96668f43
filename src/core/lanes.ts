/**
 * Keyed first-in-first-out order: acts of one lane run one after the other, lanes do not wait for each other
 * (design §3, Lanes). An act that fails does not stop the ones behind it.
 */
export class Lanes {
  readonly #tails = new Map<string, Promise<unknown>>()

  /** Runs `act` after everything handed in before under the same key. */
  run<T>(key: string, act: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key)
    const turn = before === undefined ? act() : before.then(act, act)
    this.#tails.set(key, turn)
    const done = () => {
      if (this.#tails.get(key) === turn) this.#tails.delete(key)
    }
    turn.then(done, done)
    return turn
  }

  /** Resolves when everything handed in so far, on every lane, is over. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#tails.values())
  }

  get size(): number {
    return this.#tails.size
  }
}

/** The lane of what one user does with one channel. Length-prefixed: no two pairs share a key. */
export function userChannelLane(user: string, channel: string): string {
  return `${user.length}:${user}:${channel}`
}
