interface Line {
  running: number
  readonly waiting: (() => void)[]
}

/** Runs a bounded number of acts of each key at a time; further ones wait, in their order. */
export class Turns {
  readonly #atOnce: number
  readonly #lines = new Map<string, Line>()

  constructor(atOnce: number) {
    this.#atOnce = atOnce
  }

  async run<Result>(key: string, act: () => Promise<Result>): Promise<Result> {
    const line = this.#lines.get(key) ?? { running: 0, waiting: [] }
    this.#lines.set(key, line)
    if (line.running < this.#atOnce) line.running += 1
    else await new Promise<void>((resolve) => line.waiting.push(resolve))
    try {
      return await act()
    } finally {
      const next = line.waiting.shift()
      if (next === undefined) this.#leave(key, line)
      // The place is handed on as it is.
      else next()
    }
  }

  #leave(key: string, line: Line): void {
    line.running -= 1
    if (line.running === 0) this.#lines.delete(key)
  }
}
