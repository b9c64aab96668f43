/**
 * Keyed first-in-first-out order: acts of one lane run one after the other, lanes do not wait for each other
 * (design §3, Lanes). An act that fails does not stop the ones behind it.
 */
export class Lanes {
  /** Only while something is under way: most connections are silent. */
  #tails: Map<string, Promise<unknown>> | undefined

  /** Runs `act` after everything handed in before under the same key. */
  run<T>(key: string, act: () => Promise<T>): Promise<T> {
    this.#tails ??= new Map()
    const tails = this.#tails
    const before = tails.get(key)
    const turn = before === undefined ? act() : before.then(act, act)
    tails.set(key, turn)
    const done = () => {
      if (tails.get(key) !== turn) return
      tails.delete(key)
      if (tails.size === 0 && this.#tails === tails) this.#tails = undefined
    }
    turn.then(done, done)
    return turn
  }

  /** Resolves when everything handed in so far, on every lane, is over. */
  async settled(): Promise<void> {
    if (this.#tails !== undefined) await Promise.allSettled(this.#tails.values())
  }

  get size(): number {
    return this.#tails?.size ?? 0
  }
}

/** The lane of what one user does with one channel. Length-prefixed: no two pairs share a key. */
export function userChannelLane(user: string, channel: string): string {
  return `${user.length}:${user}:${channel}`
}
