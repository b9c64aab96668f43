import type { Entry } from '../../core/entry.ts'
import type { HistoryQuery } from '../../core/ports.ts'
import type { ChannelAggregate } from './channel.ts'
import { type EntryRange, planHistory } from './read-channel.ts'
import { isYoung } from './retention.ts'

/** Reads one page of a channel's log with `read`. Entries too old to be shown do not use up the page. */
export async function pageHistory(
  held: ChannelAggregate,
  query: HistoryQuery,
  read: (range: EntryRange) => Promise<readonly Entry[]>,
): Promise<readonly Entry[]> {
  const shows = (entry: Entry) => query.scope === 'recovery' || isYoung(entry, held, query.now)
  const page: Entry[] = []
  let { after } = query
  for (;;) {
    const limit = query.limit - page.length
    const range = planHistory(held, { ...query, ...(after !== undefined && { after }), limit })
    if (range.from > range.to) return page
    for (const entry of await read(range)) if (shows(entry)) page.push(entry)
    if (after === undefined || page.length >= query.limit) return page
    after = range.to
  }
}
