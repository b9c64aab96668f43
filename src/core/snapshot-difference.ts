import type { Entry } from './entry.ts'
import type { ChannelSnapshot, StatePairs } from './ports.ts'

/** What brings a node's view of a state to the snapshot's. */
export function differenceOfState(
  known: ReadonlyMap<string, string>,
  state: StatePairs,
): { updates: StatePairs; deletes: string[] } {
  const present = new Set(state.map(([key]) => key))
  return {
    updates: state.filter(([key, json]) => known.get(key) !== json),
    deletes: [...known.keys()].filter((key) => !present.has(key)),
  }
}

/** Who is in the snapshot and not in the view, and the other way round. */
export function differenceOfPresence(
  known: ReadonlyMap<string, number>,
  presence: ChannelSnapshot['presence'],
): { joined: string[]; left: string[] } {
  const present = new Set(presence.map((item) => item.user))
  return {
    joined: [...present].filter((user) => !known.has(user)),
    left: [...known.keys()].filter((user) => !present.has(user)),
  }
}

/** The coming or going that an entry tells of; undefined for publishes and what the app gave as history. */
export function comingOf(
  entry: Entry,
): { kind: 'join' | 'leave'; user: string; at: number; offset: number } | undefined {
  const { kind, at, offset, author } = entry
  if (kind === 'publish' || entry.given !== undefined) return undefined
  return typeof author.user === 'string' ? { kind, user: author.user, at, offset } : undefined
}
