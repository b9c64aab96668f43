import type { Entry, Head } from '../../core/entry.ts'
import type {
  Changed,
  ChannelCommit,
  ChannelCommitResult,
  ChannelCommitted,
  ChannelListQuery,
  ChannelSnapshot,
  ChannelStore,
  HistoryQuery,
  MemberPage,
  MemberQuery,
  NamePage,
  SnapshotQuery,
} from '../../core/ports.ts'
import { applyChannel } from '../aggregate/apply-channel.ts'
import { ChangeLog } from '../aggregate/change-log.ts'
import type { RecoverySettings } from '../aggregate/channel.ts'
import type { ChannelDraft } from '../aggregate/channel-draft.ts'
import { type ChannelContext, commitChannel, isVisible } from '../aggregate/commit-channel.ts'
import { channelFilters } from '../aggregate/tags.ts'
import { ChannelReader } from './channel-reader.ts'
import {
  beginChannel,
  type ChannelSlot,
  growTail,
  loadChannel,
  makeChannelSlot,
  weighChannel,
} from './channel-slot.ts'
import { keepBooks, missingBooks, readMissingBooks } from './claim-books.ts'
import { ClaimSweeper } from './claim-sweeper.ts'
import { Counters } from './counters.ts'
import type { Engine, EnginePart, Group } from './engine.ts'
import type { Garbage } from './garbage.ts'
import { missingMembers, needsAllMembers, noteMembers, readMissingMembers } from './member-cache.ts'
import { MemberReader } from './member-reader.ts'
import type { LevelOutbox } from './outbox.ts'
import { Slots } from './slots.ts'
import { listNames } from './tag-index.ts'
import { writeChannel } from './write-channel.ts'

/** What the channels stand on. */
export interface LevelChannelsParts {
  readonly engine: Engine
  readonly outbox: LevelOutbox
  readonly garbage: Garbage
  readonly recovery: RecoverySettings
  readonly cache: { readonly entries: number; readonly weight: number }
}

/** A commit's answer, to be given when `group` is on disk. */
interface Evaluated {
  readonly result: ChannelCommitResult
  readonly group: Group | undefined
}

/** Channels on disk, with those in use in memory. Commits are evaluated in the order of the calls. */
export class LevelChannels implements ChannelStore, EnginePart {
  private readonly parts: LevelChannelsParts
  private readonly slots: Slots<ChannelSlot>
  private readonly reader: ChannelReader
  private readonly memberReader: MemberReader
  private readonly log = new ChangeLog<Head>()
  private readonly counters: Counters
  private readonly sweeper: ClaimSweeper
  private readonly context: ChannelContext

  constructor(parts: LevelChannelsParts) {
    this.parts = parts
    const { engine } = parts
    const counters = new Counters(engine.database)
    this.counters = counters
    this.sweeper = new ClaimSweeper(engine)
    this.slots = new Slots<ChannelSlot>({
      engine,
      limits: parts.cache,
      weigh: weighChannel,
      make: (name) => makeChannelSlot(name, engine.generation),
      load: async (slot) => {
        await loadChannel(slot, engine.database)
        this.sweeper.hold(slot)
        this.weigh(slot)
      },
      dropped: (slot) => this.sweeper.letGo(slot),
    })
    this.reader = new ChannelReader(engine, this.slots)
    this.memberReader = new MemberReader(engine, this.slots)
    this.context = {
      recovery: parts.recovery,
      countChannels: () => counters.channels,
      countCreatedBy: (user) => counters.createdBy(user),
    }
  }

  /** No async function: one that waits would keep the commit and all that it was made of until it is on disk. */
  commit(channel: string, commit: ChannelCommit): Promise<ChannelCommitResult> {
    const slot = this.slots.hot(channel)
    if (slot === undefined || !isAllThere(slot, commit))
      return this.slots
        .run(
          channel,
          (loaded) => this.evaluate(loaded, commit),
          (loaded) => this.readMissing(loaded, commit),
        )
        .then(durable)
    try {
      return durable(this.evaluate(slot, commit))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  async snapshot(channel: string, query: SnapshotQuery): Promise<ChannelSnapshot | undefined> {
    return this.reader.snapshot(channel, query)
  }

  async history(channel: string, query: HistoryQuery): Promise<readonly Entry[]> {
    return this.reader.history(channel, query)
  }

  async list(query: ChannelListQuery): Promise<NamePage> {
    const { engine } = this.parts
    const { after, limit } = query
    const filters = channelFilters(query)
    return engine.use(() => listNames(engine.database, { all: 'c!', after, limit, filters }))
  }

  async members(channel: string, query: MemberQuery): Promise<MemberPage> {
    return this.memberReader.members(channel, query)
  }

  async changed(cursor: string | undefined): Promise<Changed<Head>> {
    return this.log.changed(cursor)
  }

  forget(): void {
    this.slots.clear()
    this.sweeper.forget()
  }

  async reload(): Promise<void> {
    await this.counters.reload()
  }

  private async readMissing(slot: ChannelSlot, commit: ChannelCommit): Promise<void> {
    const { database } = this.parts.engine
    await readMissingBooks(database, slot, commit)
    await readMissingMembers(database, slot, commit)
  }

  private evaluate(slot: ChannelSlot, commit: ChannelCommit): Evaluated {
    const target = { channel: slot.name, held: slot.channel }
    const { result, draft } = commitChannel(target, commit, this.context)
    if (draft === undefined || result.outcome !== 'committed') return { result, group: slot.group }
    const group = this.parts.engine.writing()
    if (draft.created) this.begin(slot, draft)
    writeChannel(group, slot, { draft, committed: result.committed })
    for (const notice of draft.notices) this.parts.outbox.add(group, notice)
    this.apply(slot, { draft, committed: result.committed, now: commit.now, group })
    if (draft.destroyed) this.end(slot, draft, group)
    if (draft.created || draft.destroyed) this.counters.write(group)
    slot.group = group
    this.weigh(slot)
    if (isVisible(result.committed)) this.log.mark(slot.name, result.committed.head)
    return { result, group }
  }

  private begin(slot: ChannelSlot, { base }: ChannelDraft): void {
    beginChannel(slot, base, this.counters.begin(base.createdBy))
    this.sweeper.hold(slot)
  }

  private apply(
    slot: ChannelSlot,
    change: { draft: ChannelDraft; committed: ChannelCommitted; now: number; group: Group },
  ): void {
    const { draft, committed, now, group } = change
    slot.claimCount += applyChannel(draft, committed, now)
    if (draft.entries.length > 0) growTail(slot.tail, draft.entries, draft.options)
    slot.tail.dropBefore(draft.first)
    noteMembers(slot, draft, group)
    if (draft.claims.length === 0) return
    keepBooks(slot, draft, group)
    this.sweeper.written(draft.claims.length, now)
  }

  private end(slot: ChannelSlot, { base }: ChannelDraft, group: Group): void {
    this.counters.end(base.createdBy)
    this.sweeper.letGo(slot)
    this.parts.garbage.collect(slot.log, group)
    slot.channel = undefined
    slot.log = ''
  }

  private weigh(slot: ChannelSlot): void {
    const weight = weighChannel(slot)
    const before = slot.weight
    slot.weight = weight
    if (weight !== before) this.slots.grew(weight - before)
  }
}

/** Also a conflict or a duplicate may rest on a commit that is not on disk yet. */
function durable({ result, group }: Evaluated): Promise<ChannelCommitResult> {
  return group?.settled === false ? group.done.then(() => result) : Promise.resolve(result)
}

function isAllThere(slot: ChannelSlot, commit: ChannelCommit): boolean {
  return (
    missingBooks(slot, commit).length === 0 &&
    missingMembers(slot, commit).length === 0 &&
    !needsAllMembers(slot, commit)
  )
}
