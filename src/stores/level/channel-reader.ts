import type { Entry } from '../../core/entry.ts'
import type { ChannelSnapshot, HistoryQuery, Marker, SnapshotQuery } from '../../core/ports.ts'
import type { ChannelAggregate } from '../aggregate/channel.ts'
import { pageHistory } from '../aggregate/page-history.ts'
import {
  type ChannelCut,
  cutChannel,
  type EntryRange,
  planShownFrom,
  planSnapshot,
  type SnapshotPlan,
  shownFromEntry,
  shownHistory,
} from '../aggregate/read-channel.ts'
import { type ChannelSlot, extendTail, readEntries } from './channel-slot.ts'
import type { Engine, Group } from './engine.ts'
import type { Slots } from './slots.ts'

/** Where a channel stood at one moment; nothing of it may be shown before `group` is on disk. */
interface Cut {
  readonly slot: ChannelSlot
  readonly log: string
  readonly group: Group | undefined
  /** A copy of what reading needs; its maps are shared and not looked at any more. */
  readonly held: ChannelAggregate | undefined
}

interface SnapshotCut extends Cut {
  readonly parts?: {
    readonly snapshot: ChannelCut
    readonly plan: SnapshotPlan
    /** A number: the entry there tells. */
    readonly shownFrom: Marker | number
  }
}

/** An entry may be trimmed while it is being read; then everything is read again, this often. */
const maxTries = 3

/** Reads of channels: from memory where a channel is live, else from disk. */
export class ChannelReader {
  private readonly engine: Engine
  private readonly slots: Slots<ChannelSlot>

  constructor(engine: Engine, slots: Slots<ChannelSlot>) {
    this.engine = engine
    this.slots = slots
  }

  async snapshot(channel: string, query: SnapshotQuery): Promise<ChannelSnapshot | undefined> {
    for (let tries = 1; ; tries += 1) {
      const cut = await this.cut(channel, (slot) => cutSnapshot(slot, query))
      const { held, parts } = cut
      if (held === undefined || parts === undefined) return undefined
      const { snapshot, plan } = parts
      const { range } = plan
      const entries = range.from > range.to ? [] : await this.read(cut, range)
      const shownFrom = await this.shownFrom(cut, parts.shownFrom, entries)
      const complete = entries.length === Math.max(0, range.to - range.from + 1)
      if ((!complete || shownFrom === undefined) && tries < maxTries) continue
      const history = shownHistory(held, { entries, plan, query })
      return {
        ...snapshot,
        history,
        covered: plan.covered && complete,
        shownFrom: shownFrom ?? { offset: held.offset + 1, count: held.count },
      }
    }
  }

  /** Undefined: the entry that tells has been trimmed meanwhile. */
  private async shownFrom(
    cut: Cut,
    plan: Marker | number,
    entries: readonly Entry[],
  ): Promise<Marker | undefined> {
    if (typeof plan !== 'number') return plan
    const read = entries.find(({ offset }) => offset === plan)
    const entry = read ?? (await this.read(cut, { from: plan, to: plan }))[0]
    return entry && shownFromEntry(entry)
  }

  async history(channel: string, query: HistoryQuery): Promise<readonly Entry[]> {
    const cut = await this.cut(channel, cutSlot)
    return cut.held === undefined
      ? []
      : pageHistory(cut.held, query, (range) => this.read(cut, range))
  }

  /** Takes a cut in one turn, then waits until all of it is durable. */
  private async cut<C extends Cut>(channel: string, take: (slot: ChannelSlot) => C): Promise<C> {
    const slot = this.slots.hot(channel)
    const cut = slot === undefined ? await this.slots.run(channel, take) : take(slot)
    if (cut.group?.settled === false) await cut.group.done
    return cut
  }

  private async read({ slot, log, held }: Cut, range: EntryRange): Promise<Entry[]> {
    const { tail } = slot
    const first = slot.log === log ? tail.first : Number.POSITIVE_INFINITY
    if (range.from >= first) return tail.slice(range.from, range.to)
    const newer = slot.log === log ? tail.slice(range.from, range.to) : []
    const to = Math.min(range.to, first - 1)
    const place = { log, epoch: (held as ChannelAggregate).epoch }
    const older = await readEntries(this.engine.database, place, { from: range.from, to })
    if (slot.log === log && slot.tail === tail) extendTail(tail, older)
    return [...older, ...newer]
  }
}

function cutSlot(slot: ChannelSlot): Cut {
  const { log, group, channel } = slot
  return { slot, log, group, held: channel && { ...channel } }
}

function cutSnapshot(slot: ChannelSlot, query: SnapshotQuery): SnapshotCut {
  const { channel } = slot
  if (channel === undefined) return cutSlot(slot)
  return {
    ...cutSlot(slot),
    parts: {
      snapshot: cutChannel(channel),
      plan: planSnapshot(channel, query),
      shownFrom: planShownFrom(channel),
    },
  }
}
