import type { Coming, Entry, HistoryItem, HistoryPage } from './entry.ts'
import { type FrameArgs, isObject, listOf, textOf } from './frames.ts'

/** Turns a version 2 frame or a history entry into an item; undefined for a name that is none. */
export function readItem(channel: string, name: unknown, args: unknown): HistoryItem | undefined {
  if (!isObject(args)) return undefined
  const { user, datetime, offset, payload } = args
  const common = {
    channel,
    ...(typeof user === 'string' || user === null ? { user } : {}),
    ...(typeof datetime === 'string' ? { datetime } : {}),
    ...(typeof offset === 'number' ? { offset } : {}),
  }
  if (name === 'PUBLISH') return { type: 'publish', payload, ...common } satisfies Entry
  if (name === 'SUBSCRIBE') return { type: 'join', ...common } satisfies Coming
  if (name === 'UNSUBSCRIBE') return { type: 'leave', ...common } satisfies Coming
  return undefined
}

/** The `history` of a snapshot or of an answer to HISTORY. */
export function readPage(channel: string, args: FrameArgs): HistoryPage {
  const items = listOf(args, 'history').flatMap((item) => {
    const read = Array.isArray(item) ? readItem(channel, item[0], item[1]) : undefined
    return read === undefined ? [] : [read]
  })
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
