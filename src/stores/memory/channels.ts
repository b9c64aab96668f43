import type { Entry } from '../../core/entry.ts'
import type {
  Changed,
  ChannelCommit,
  ChannelCommitResult,
  ChannelListQuery,
  ChannelSnapshot,
  ChannelStore,
  HistoryQuery,
  NamePage,
  Notice,
  SnapshotQuery,
} from '../../core/ports.ts'
import { applyChannel, dropExpiredBooks } from '../aggregate/apply-channel.ts'
import { ChangeLog } from '../aggregate/change-log.ts'
import type { ChannelAggregate, RecoverySettings } from '../aggregate/channel.ts'
import type { ChannelDraft } from '../aggregate/channel-draft.ts'
import { type ChannelContext, commitChannel, isVisible } from '../aggregate/commit-channel.ts'
import { EntryTail } from '../aggregate/entry-tail.ts'
import { pageHistory } from '../aggregate/page-history.ts'
import { cutChannel, planSnapshot, shownHistory } from '../aggregate/read-channel.ts'
import { channelFilters, draftTags } from '../aggregate/tags.ts'
import { TagLists } from './tag-lists.ts'

interface HeldChannel {
  readonly channel: ChannelAggregate
  readonly log: EntryTail
}

/** Channels in memory. Commits are evaluated in the order of the calls. */
export class MemoryChannels implements ChannelStore {
  private readonly held = new Map<string, HeldChannel>()
  private readonly creators = new Map<string, number>()
  private readonly lists = new TagLists()
  private readonly log = new ChangeLog()
  private readonly context: ChannelContext
  private readonly addNotice: (notice: Notice) => void

  constructor(recovery: RecoverySettings, addNotice: (notice: Notice) => void) {
    this.addNotice = addNotice
    this.context = {
      recovery,
      countChannels: () => this.held.size,
      countCreatedBy: (user) => this.creators.get(user) ?? 0,
    }
  }

  async commit(channel: string, commit: ChannelCommit): Promise<ChannelCommitResult> {
    const held = this.held.get(channel)?.channel
    const { result, draft } = commitChannel({ channel, held }, commit, this.context)
    if (draft === undefined || result.outcome !== 'committed') return result
    this.lists.apply(channel, draftTags(draft))
    if (draft.created) this.begin(draft)
    applyChannel(draft, result.committed, commit.now)
    if (draft.claims.length > 0) dropExpiredBooks(draft.base, draft, commit.now)
    this.keepEntries(channel, draft)
    if (draft.destroyed) this.end(draft)
    for (const notice of draft.notices) this.addNotice(notice)
    if (isVisible(result.committed)) this.log.mark(channel)
    return result
  }

  async snapshot(channel: string, query: SnapshotQuery): Promise<ChannelSnapshot | undefined> {
    const held = this.held.get(channel)
    if (held === undefined) return undefined
    const plan = planSnapshot(held.channel, query)
    const entries = held.log.slice(plan.range.from, plan.range.to)
    const history = shownHistory(held.channel, { entries, plan, query })
    return { ...cutChannel(held.channel), history, covered: plan.covered }
  }

  async history(channel: string, query: HistoryQuery): Promise<readonly Entry[]> {
    const held = this.held.get(channel)
    if (held === undefined) return []
    return pageHistory(held.channel, query, async ({ from, to }) => held.log.slice(from, to))
  }

  async list(query: ChannelListQuery): Promise<NamePage> {
    return this.lists.page(query, channelFilters(query))
  }

  async changed(cursor: string | undefined): Promise<Changed> {
    return this.log.changed(cursor)
  }

  private begin({ base }: ChannelDraft): void {
    this.held.set(base.channel, { channel: base, log: new EntryTail(1) })
    this.lists.all.add(base.channel)
    this.countCreator(base.createdBy, 1)
  }

  private end({ base }: ChannelDraft): void {
    this.held.delete(base.channel)
    this.lists.all.delete(base.channel)
    this.countCreator(base.createdBy, -1)
  }

  private countCreator(user: string | undefined, step: 1 | -1): void {
    if (user === undefined) return
    const count = (this.creators.get(user) ?? 0) + step
    if (count === 0) this.creators.delete(user)
    else this.creators.set(user, count)
  }

  private keepEntries(channel: string, draft: ChannelDraft): void {
    const log = this.held.get(channel)?.log
    if (log === undefined) return
    for (const entry of draft.entries) log.push(entry)
    log.dropBefore(draft.first)
  }
}
