import type { Entry } from './entry.ts'

/**
 * About how many bytes an entry takes in a snapshot or a page. Its author's profile is told with each message of a room
 * (attack: one of 64 KiB with a thousand messages of two bytes).
 */
export function entrySize(entry: Entry | undefined): number {
  if (entry === undefined) return 0
  const profile = entry.author.info?.length ?? 0
  return (entry.given?.length ?? entry.content.length) + profile + 100
}

/** The newest entries that fit; older ones are left out (`--max-snapshot-bytes`). */
export function newestWithin(entries: readonly Entry[], maxBytes: number): readonly Entry[] {
  let bytes = 0
  for (let i = entries.length - 1; i >= 0; i -= 1) {
    bytes += entrySize(entries[i])
    if (bytes > maxBytes) return entries.slice(i + 1)
  }
  return entries
}

/** The oldest entries that fit; newer ones are left out. */
export function oldestWithin(entries: readonly Entry[], maxBytes: number): readonly Entry[] {
  let bytes = 0
  for (let i = 0; i < entries.length; i += 1) {
    bytes += entrySize(entries[i])
    if (bytes > maxBytes) return entries.slice(0, i)
  }
  return entries
}
