import { callPage } from './page-callback.ts'

/** Calls the page's listeners; what one of them throws goes to the page's own error handling. */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<(event: never) => void>>()

  /** Adds a listener; the returned function takes it away again. */
  on<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): () => void {
    const listeners = this.#listeners.get(name) ?? new Set()
    this.#listeners.set(name, listeners)
    // A wrapper, so that the same function added twice is two listeners.
    const entry = (event: Events[Name]) => listener(event)
    listeners.add(entry)
    return () => {
      listeners.delete(entry)
    }
  }

  emit<Name extends keyof Events>(name: Name, event: Events[Name]): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      callPage(() => listener(event as never))
    }
  }

  /** Whether anybody listens to anything. */
  get isUsed(): boolean {
    return [...this.#listeners.values()].some((listeners) => listeners.size > 0)
  }
}
