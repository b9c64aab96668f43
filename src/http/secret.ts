import { hash, timingSafeEqual } from 'node:crypto'

/** A secret that a caller may prove to know: kept and compared as SHA-256 digests, in constant time. */
export class Secret {
  #digest: Buffer | undefined

  /** Empty = off: nothing matches. */
  constructor(text: string) {
    this.set(text)
  }

  /** Whether there is one at all. */
  get isSet(): boolean {
    return this.#digest !== undefined
  }

  /** Takes effect at once (`set_config`). */
  set(text: string): void {
    this.#digest = text === '' ? undefined : digestOf(text)
  }

  matches(text: string): boolean {
    return this.#digest !== undefined && timingSafeEqual(this.#digest, digestOf(text))
  }
}

function digestOf(text: string): Buffer {
  return hash('sha256', text, 'buffer')
}
