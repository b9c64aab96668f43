import type { Entry, Head } from '../../core/entry.ts'
import type {
  Changed,
  ChannelCommit,
  ChannelCommitResult,
  ChannelListQuery,
  ChannelSnapshot,
  ChannelStore,
  HistoryQuery,
  Marker,
  Member,
  MemberPage,
  MemberQuery,
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
import { isMember } from '../aggregate/members.ts'
import { pageHistory } from '../aggregate/page-history.ts'
import {
  cutChannel,
  planShownFrom,
  planSnapshot,
  shownFromEntry,
  shownHistory,
} from '../aggregate/read-channel.ts'
import { SortedNames } from '../aggregate/sorted-names.ts'
import { channelFilters, draftTags } from '../aggregate/tags.ts'
import { TagLists } from './tag-lists.ts'

interface HeldChannel {
  readonly channel: ChannelAggregate
  readonly log: EntryTail
  readonly members: SortedNames
}

/** Channels in memory. Commits are evaluated in the order of the calls. */
export class MemoryChannels implements ChannelStore {
  private readonly held = new Map<string, HeldChannel>()
  private readonly creators = new Map<string, number>()
  private readonly lists = new TagLists()
  private readonly log = new ChangeLog<Head>()
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
    this.keepMembers(channel, draft)
    if (draft.destroyed) this.end(draft)
    for (const notice of draft.notices) this.addNotice(notice)
    if (isVisible(result.committed)) this.log.mark(channel, result.committed.head)
    return result
  }

  async snapshot(channel: string, query: SnapshotQuery): Promise<ChannelSnapshot | undefined> {
    const held = this.held.get(channel)
    if (held === undefined) return undefined
    const plan = planSnapshot(held.channel, query)
    const entries = held.log.slice(plan.range.from, plan.range.to)
    const history = shownHistory(held.channel, { entries, plan, query })
    const shownFrom = readShownFrom(held)
    return { ...cutChannel(held.channel), history, covered: plan.covered, shownFrom }
  }

  async history(channel: string, query: HistoryQuery): Promise<readonly Entry[]> {
    const held = this.held.get(channel)
    if (held === undefined) return []
    return pageHistory(held.channel, query, async ({ from, to }) => held.log.slice(from, to))
  }

  async list(query: ChannelListQuery): Promise<NamePage> {
    return this.lists.page(query, channelFilters(query))
  }

  async members(channel: string, query: MemberQuery): Promise<MemberPage> {
    const held = this.held.get(channel)
    if (held === undefined) return { members: [] }
    const standings = held.channel.members
    if (query.users !== undefined)
      return { members: [...new Set(query.users)].map((u) => standings.get(u)).filter(isMember) }
    const members: Member[] = []
    for (const user of held.members.after(query.after)) {
      const next = members.at(-1)?.user
      if (members.length >= query.limit) return next === undefined ? { members } : { members, next }
      const member = standings.get(user)
      if (isMember(member)) members.push(member)
    }
    return { members }
  }

  async changed(cursor: string | undefined): Promise<Changed<Head>> {
    return this.log.changed(cursor)
  }

  private begin({ base }: ChannelDraft): void {
    this.held.set(base.channel, {
      channel: base,
      log: new EntryTail(1),
      members: new SortedNames(),
    })
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

  private keepMembers(channel: string, draft: ChannelDraft): void {
    const names = this.held.get(channel)?.members
    for (const [user, standing] of draft.members ?? []) {
      if (isMember(standing)) names?.add(user)
      else names?.delete(user)
    }
  }

  private keepEntries(channel: string, draft: ChannelDraft): void {
    const log = this.held.get(channel)?.log
    if (log === undefined) return
    for (const entry of draft.entries) log.push(entry)
    log.dropBefore(draft.first)
  }
}

function readShownFrom({ channel, log }: HeldChannel): Marker {
  const from = planShownFrom(channel)
  if (typeof from !== 'number') return from
  return shownFromEntry(log.slice(from, from)[0] as Entry)
}
