/** Lets those who wait for a name know that it has come. */
export class Announcements {
  readonly #waiting = new Map<string, Set<() => void>>()

  wait(name: string): { created: Promise<void>; stop: () => void } {
    let tell = () => {}
    const created = new Promise<void>((resolve) => {
      tell = resolve
    })
    const waiting = this.#waiting.get(name) ?? new Set()
    this.#waiting.set(name, waiting.add(tell))
    const stop = () => {
      waiting.delete(tell)
      if (waiting.size === 0 && this.#waiting.get(name) === waiting) this.#waiting.delete(name)
    }
    return { created, stop }
  }

  isAwaited(name: string): boolean {
    return this.#waiting.has(name)
  }

  announce(name: string): void {
    const waiting = this.#waiting.get(name)
    this.#waiting.delete(name)
    for (const tell of waiting ?? []) tell()
  }
}
