import type { Entry } from '../../core/entry.ts'

/** Characters that an entry holds of what users and the app said: its content, and its author's profile. */
export function heldBy({ content, given, author }: Entry): number {
  return content.length + (given?.length ?? 0) + (author.info?.length ?? 0)
}

/** A run of neighbouring entries held in memory: the newest of a log, or all that is kept of it. */
export class EntryTail {
  /** Offset of the oldest entry held; one beyond the newest where none is. */
  first: number
  /** Characters held; see `heldBy`. */
  size = 0
  private entries: Entry[] = []

  constructor(first: number) {
    this.first = first
  }

  get length(): number {
    return this.entries.length
  }

  push(entry: Entry): void {
    this.entries.push(entry)
    this.size += heldBy(entry)
  }

  /** Puts older entries, the direct predecessors, in front. */
  prepend(older: readonly Entry[]): void {
    this.entries = [...older, ...this.entries]
    this.first -= older.length
    for (const entry of older) this.size += heldBy(entry)
  }

  /** Lets go of every entry below `first`. */
  dropBefore(first: number): void {
    const count = Math.min(first - this.first, this.entries.length)
    if (count <= 0) return
    for (const entry of this.entries.splice(0, count)) this.size -= heldBy(entry)
    this.first += count
  }

  /** A copy of the entries `from` … `to`, as far as held. */
  slice(from: number, to: number): Entry[] {
    return this.entries.slice(Math.max(0, from - this.first), Math.max(0, to - this.first + 1))
  }
}
