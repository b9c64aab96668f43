import type { Entry, HistoryItem, HistoryPage } from './entry.ts'
import { type FrameArgs, listOf, textOf } from './frames.ts'

const types: ReadonlyMap<unknown, HistoryItem['type']> = new Map([
  ['PUBLISH', 'publish'],
  ['SUBSCRIBE', 'join'],
  ['UNSUBSCRIBE', 'leave'],
] as const)

/** Turns a version 2 frame or a history entry into an item; undefined for a name that is none. */
export function readItem(channel: string, name: unknown, args: unknown): HistoryItem | undefined {
  const type = types.get(name)
  if (type === undefined) return undefined
  // What the server says of its own entries is taken as it is.
  const { user, datetime, offset, payload } = args as Entry
  const common = { channel, user, datetime, offset }
  return type === 'publish' ? { type, payload, ...common } : { type, ...common }
}

/** The `history` of a snapshot or of an answer to HISTORY. */
export function readPage(channel: string, args: FrameArgs): HistoryPage {
  const items = (listOf(args, 'history') as [string, unknown][])
    .map(([name, item]) => readItem(channel, name, item))
    .filter((item) => item !== undefined)
  return { epoch: textOf(args, 'epoch'), items, entries: items.filter(isEntry) }
}

/** Whether an item is a publish. */
export function isEntry<Payload>(item: HistoryItem<Payload>): item is Entry<Payload> {
  return item.type === 'publish'
}

/** The argument `key` if it is a number, else 0. */
export function numberOf(args: FrameArgs, key: string): number {
  const value = args[key]
  return typeof value === 'number' ? value : 0
}
