import type { Entry } from '../../core/entry.ts'
import type { ChannelSnapshot, HistoryQuery, SnapshotQuery } from '../../core/ports.ts'
import type { ChannelAggregate } from './channel.ts'
import { isYoung, shownFrom } from './retention.ts'

/** Offsets to read, both inclusive; empty where `from > to`. */
export interface EntryRange {
  readonly from: number
  readonly to: number
}

/** What a snapshot's history is made of. */
export interface SnapshotPlan {
  readonly range: EntryRange
  readonly covered: boolean
  readonly scope: HistoryQuery['scope']
}

/** Which entries a snapshot needs: everything after `since` if still kept, else what is shown. */
export function planSnapshot(held: ChannelAggregate, query: SnapshotQuery): SnapshotPlan {
  const { since, limit } = query
  const to = held.offset
  if (since !== undefined && covers(held, since) && to - since.offset <= limit)
    return { range: { from: since.offset + 1, to }, covered: true, scope: 'recovery' }
  const from = Math.max(shownFrom(held), to - limit + 1)
  return { range: { from, to }, covered: since === undefined, scope: 'shown' }
}

function covers(held: ChannelAggregate, since: { epoch: string; offset: number }): boolean {
  return since.epoch === held.epoch && since.offset <= held.offset && since.offset + 1 >= held.first
}

/** All of a snapshot but its history, copied at once so that later commits do not show through. */
export function cutChannel(held: ChannelAggregate): Omit<ChannelSnapshot, 'history' | 'covered'> {
  const { channel, epoch, offset, version, count } = held
  return {
    channel,
    head: { epoch, offset, version, count },
    options: held.options,
    optionsVersion: held.optionsVersion,
    state: [...held.state],
    presence: [...held.presence.values()],
    everSubscribed: held.everSubscribed,
  }
}

/** What is shown of a snapshot's entries. Channels without history show what their app gave them. */
export function shownHistory(
  held: Pick<ChannelAggregate, 'options' | 'staticHistory'> & Parameters<typeof isYoung>[1],
  read: { entries: readonly Entry[]; plan: SnapshotPlan; query: SnapshotQuery },
): readonly Entry[] {
  const { entries, plan, query } = read
  if (plan.scope === 'recovery') return entries
  if (held.options.history_size > 0)
    return entries.filter((entry) => isYoung(entry, held, query.now))
  return query.limit === 0 ? [] : held.staticHistory.slice(-query.limit)
}

/** Which entries a history query asks for, before their age is looked at. */
export function planHistory(held: ChannelAggregate, query: HistoryQuery): EntryRange {
  if (query.epoch !== held.epoch) return { from: 1, to: 0 }
  const from = query.scope === 'shown' ? shownFrom(held, query.without) : held.first
  const { before, after, limit } = query
  if (after !== undefined) {
    const start = Math.max(from, after + 1)
    return { from: start, to: Math.min(held.offset, start + limit - 1) }
  }
  const to = before === undefined ? held.offset : Math.min(held.offset, before - 1)
  return { from: Math.max(from, to - limit + 1), to }
}
