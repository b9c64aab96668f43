/** Whoever goes on typing is told of every 3 s. */
const expiresAfterMs = 12_000
/** Attack: a room of thousands who all type. */
const maxTyping = 100

/** Who is typing in a room; each name expires. */
export class TypingUsers {
  /** The same list until it changes. */
  names: readonly string[] = []
  readonly #changed: () => void
  readonly #timers = new Map<unknown, ReturnType<typeof setTimeout>>()

  constructor(changed: () => void) {
    this.#changed = changed
  }

  started(user: string): void {
    const known = this.#timers.get(user)
    if (known === undefined && this.names.length >= maxTyping) return
    clearTimeout(known)
    const expiry = setTimeout(() => this.stopped(user), expiresAfterMs)
    this.#timers.set(user, expiry)
    if (known === undefined) this.#show([...this.names, user])
  }

  stopped(user: unknown): void {
    clearTimeout(this.#timers.get(user))
    if (this.#timers.delete(user)) this.#show(this.names.filter((name) => name !== user))
  }

  clear(): void {
    for (const user of this.names) this.stopped(user)
  }

  #show(names: readonly string[]): void {
    this.names = names
    this.#changed()
  }
}
