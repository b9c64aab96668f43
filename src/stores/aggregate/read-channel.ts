import type { Entry } from '../../core/entry.ts'
import type { ChannelSnapshot, HistoryQuery, Marker, SnapshotQuery } from '../../core/ports.ts'
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

/** A snapshot without what must be read from the log. */
export type ChannelCut = Omit<ChannelSnapshot, 'history' | 'covered' | 'shownFrom'>

/** All of a snapshot but what is read from the log, copied at once so that later commits do not show through. */
export function cutChannel(held: ChannelAggregate): ChannelCut {
  const { channel, epoch, offset, version, count, room, memberCount } = held
  return {
    channel,
    head: { epoch, offset, version, count },
    options: held.options,
    optionsVersion: held.optionsVersion,
    state: [...held.state],
    presence: [...held.presence.values()],
    everSubscribed: held.everSubscribed,
    ...(room && { room: { closed: room.closed, members: memberCount } }),
  }
}

/** `shownFrom` of a snapshot, or the offset of the entry that must be read to know it. */
export function planShownFrom(held: ChannelAggregate): Marker | number {
  const { offset, count } = held
  const from = shownFrom(held)
  if (from > offset) return { offset: offset + 1, count }
  // Where every entry counts, as in rooms, there is nothing to read.
  return count === offset ? { offset: from, count: from - 1 } : from
}

/** `shownFrom` where this is the first entry shown. */
export function shownFromEntry(entry: Entry): Marker {
  return { offset: entry.offset, count: entry.count - (entry.kind === 'publish' ? 1 : 0) }
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
