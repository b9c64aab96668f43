import type { Head } from './entry.ts'
import type { ChannelCommitted } from './ports.ts'

/** What does not fit is read from the store: an outage of it must not fill the memory. */
const maxHeld = 256

/** Commits of one channel that came before the one they follow. */
export class HeldCommits {
  #held: ChannelCommitted[] = []

  get size(): number {
    return this.#held.length
  }

  get isFull(): boolean {
    return this.#held.length >= maxHeld
  }

  /** Does nothing where it is full. */
  add(committed: ChannelCommitted): void {
    if (!this.isFull) this.#held.push(committed)
  }

  clear(): void {
    this.#held = []
  }

  /** Takes out the commit that follows `head`, and forgets those that are known by now. */
  takeNext(head: Head): ChannelCommitted | undefined {
    this.#held = this.#held.filter((committed) => !isKnown(committed, head))
    const index = this.#held.findIndex((committed) => isNext(committed, head))
    return index === -1 ? undefined : this.#held.splice(index, 1)[0]
  }
}

/** The commit's outcome is part of `head` already: an echo, a repeat, or healed past. */
export function isKnown(committed: ChannelCommitted, head: Head): boolean {
  return (
    committed.head.offset <= head.offset &&
    committed.head.version <= head.version &&
    committed.destroyed === undefined
  )
}

/** A channel has gone on, or begun anew, beyond `known`. */
export function isBeyond(head: Head, known: Head): boolean {
  return head.epoch !== known.epoch || head.offset > known.offset || head.version > known.version
}

/** Commits of a channel form a chain: this one is the next after `head`. */
export function isNext(committed: ChannelCommitted, head: Head): boolean {
  return committed.prev.offset === head.offset && committed.prev.version === head.version
}
