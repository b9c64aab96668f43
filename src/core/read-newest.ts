import type { Core } from './core.ts'
import type { Entry } from './entry.ts'
import type { HistoryQuery } from './ports.ts'
import { entrySize } from './within-bytes.ts'

/** Entries read first, before it is known how large they are. */
const firstPage = 32
const maxPage = 1000

/** Which entries; `after` is exclusive as `before` is. */
interface Wish extends Omit<HistoryQuery, 'after' | 'before' | 'now'> {
  readonly before: number
  readonly after?: number
}

/**
 * The newest entries before an offset, oldest first, page by page until it is all or more than a snapshot may hold.
 * Attack: a thousand messages of a megabyte, read in one piece; so each page is as long as the ones before it let expect.
 */
export async function readNewest(
  core: Core,
  channel: string,
  { before, after, limit, ...query }: Wish,
): Promise<readonly Entry[]> {
  const { maxSnapshotBytes } = core.settings
  let entries: readonly Entry[] = []
  let bytes = 0
  let end = before
  for (;;) {
    const left = Math.min(limit - entries.length, end - 1 - (after ?? Number.NEGATIVE_INFINITY))
    if (left <= 0 || bytes > maxSnapshotBytes) return entries
    const fitting = Math.floor(((maxSnapshotBytes - bytes) * entries.length) / bytes) + 1
    const size = Math.min(left, maxPage, bytes === 0 ? firstPage : fitting)
    const page = await core.stores.channels.history(channel, {
      ...query,
      before: end,
      limit: size,
      now: core.clock.now(),
    })
    entries = [...page, ...entries]
    for (const entry of page) bytes += entrySize(entry)
    const first = page[0]
    if (first === undefined || page.length < size) return entries
    end = first.offset
  }
}
