import { Refusal } from '../../core/errors.ts'
import type {
  ChannelChange,
  ChannelCommit,
  ChannelCommitResult,
  ChannelCommitted,
  ChannelExpectation,
  Notice,
  PublishClaim,
} from '../../core/ports.ts'
import { type ChannelAggregate, emptyChannel, type RecoverySettings } from './channel.ts'
import { ChannelDraft } from './channel-draft.ts'
import { changeState, putState } from './channel-state.ts'
import { claimObstacle, isExpired, surplusClaims } from './claims.ts'
import { committedOf } from './committed.ts'
import { admits, changeMember, changeRoom, isMember, moveMarker } from './members.ts'
import { dropTombstones, enter, leave } from './presence.ts'
import { trimmedFirst } from './retention.ts'

/** What the store knows beyond the channel itself. */
export interface ChannelContext {
  readonly recovery: RecoverySettings
  /** Channels that exist. */
  countChannels(): number
  /** Channels that exist and were created by this user's frames. */
  countCreatedBy(user: string): number
}

/** The answer to a commit; `draft` is what to apply and persist, absent where nothing was changed. */
export interface ChannelEvaluation {
  readonly result: ChannelCommitResult
  readonly draft?: ChannelDraft
}

type Create = Extract<ChannelChange, { change: 'create' }>

/**
 * Evaluates one commit against a channel (`held` undefined: it does not exist) and changes nothing. Throws a
 * Refusal where a limit is reached.
 */
export function commitChannel(
  target: { readonly channel: string; readonly held: ChannelAggregate | undefined },
  commit: ChannelCommit,
  context: ChannelContext,
): ChannelEvaluation {
  const reason = broken(commit.expect, target.held)
  if (reason !== undefined) return { result: { outcome: 'conflict', reason } }
  const draft = begin(target, commit, context)
  for (const change of commit.changes) {
    const obstacle = applyChange(draft, change, commit.now)
    if (obstacle !== undefined) return { result: obstacle }
  }
  return { result: finish(draft, commit.now, context.recovery), draft }
}

/** Whether other nodes have something to see: a claim or a newer generation alone is nothing. */
export function isVisible({ prev, head }: ChannelCommitted): boolean {
  return head.offset !== prev.offset || head.version !== prev.version
}

type ConflictReason = Extract<ChannelCommitResult, { outcome: 'conflict' }>['reason']

function broken(
  expect: ChannelExpectation,
  held: ChannelAggregate | undefined,
): ConflictReason | undefined {
  if (expect.absent) return held === undefined ? undefined : 'exists'
  if (held === undefined) return 'gone'
  if (expect.epoch !== undefined && expect.epoch !== held.epoch) return 'epoch'
  if (expect.optionsVersion !== undefined && expect.optionsVersion !== held.optionsVersion)
    return 'options'
  return brokenRoom(expect, held)
}

function brokenRoom(
  { room, member, admits: user, empty }: ChannelExpectation,
  held: ChannelAggregate,
): ConflictReason | undefined {
  if (room && held.room === undefined) return 'not_room'
  if (member !== undefined && !isMember(held.members.get(member))) return 'not_member'
  if (user !== undefined && !admits(held, user)) return 'not_admitted'
  return empty && held.presence.size + held.memberCount > 0 ? 'occupied' : undefined
}

function begin(
  target: { readonly channel: string; readonly held: ChannelAggregate | undefined },
  commit: ChannelCommit,
  context: ChannelContext,
): ChannelDraft {
  if (target.held !== undefined) return new ChannelDraft(target.held, 'held')
  const create = commit.changes[0]
  if (create?.change !== 'create')
    throw new TypeError('a commit that expects no channel must begin with `create`')
  refuseTooMany(create, context)
  return new ChannelDraft(emptyChannel(target.channel, create), 'created')
}

function refuseTooMany({ createdBy, limits }: Create, context: ChannelContext): void {
  if (context.countChannels() >= limits.channels) throw new Refusal('too_many_channels')
  if (createdBy !== undefined && context.countCreatedBy(createdBy) >= limits.perCreator)
    throw new Refusal('too_many_channels')
}

/** Answers what ends the commit without a change, if something does. */
function applyChange(
  draft: ChannelDraft,
  change: ChannelChange,
  now: number,
): ChannelCommitResult | undefined {
  if (draft.destroyed && change.change !== 'notice')
    throw new TypeError('nothing but notices may follow `destroy`')
  if ('onlyAs' in change && !hasLeft(draft, change.onlyAs?.leaves)) return undefined
  switch (change.change) {
    case 'entry':
      return appendEntry(draft, change, now)
    case 'enter':
      return void enter(draft, change)
    case 'leave':
      return void leave(draft, change, now)
    case 'state':
      return void changeState(draft, change)
    case 'options':
      return void changeOptions(draft, change)
    case 'history':
      return void changeHistory(draft, change)
    case 'room':
      return void changeRoom(draft, change.closed)
    case 'member':
      return void changeMember(draft, change)
    case 'marker':
    case 'left':
    case 'away':
      return void moveMarker(draft, change)
    case 'claim':
      return claim(draft, change.claim, now)
    case 'release':
      return void release(draft, change.claim)
    case 'notice':
      return void draft.addNotice(noticeOf(draft, change))
    case 'destroy':
      return void destroy(draft)
    case 'create':
      return void create(draft, change)
    default:
      return change satisfies never
  }
}

function hasLeft(draft: ChannelDraft, leaver: string | undefined): boolean {
  return leaver === undefined || draft.left.some(({ user }) => user === leaver)
}

function noticeOf(
  { offset, count, base }: ChannelDraft,
  { notice, tells, onlyAs }: Extract<ChannelChange, { change: 'notice' }>,
): Notice {
  if (tells === undefined) return notice
  const body = JSON.parse(notice.body) as { readonly from?: number }
  const head = { ...body, offset, count }
  if (tells === 'head') return { ...notice, body: JSON.stringify(head) }
  const came = base.presence.get(onlyAs?.leaves ?? '')?.from ?? 0
  return { ...notice, body: JSON.stringify({ ...head, from: Math.max(came, body.from ?? 0) }) }
}

function create(draft: ChannelDraft, change: Create): void {
  if (!draft.created || draft.entries.length > 0)
    throw new TypeError('`create` must be the first change of a commit that expects no channel')
  for (const [key, json] of change.state) putState(draft, key, json)
  for (const entry of change.history) draft.append(entry)
  draft.setStaticHistory(change.staticHistory)
  draft.room = change.room
}

function destroy(draft: ChannelDraft): void {
  draft.destroyed = true
  draft.subscribers = 0
}

function changeOptions(
  draft: ChannelDraft,
  { options }: Extract<ChannelChange, { change: 'options' }>,
): void {
  if (JSON.stringify(options) === JSON.stringify(draft.options)) return
  // What a smaller history_size has hidden once does not come back with a greater one.
  const shown = Math.min(options.history_size, draft.options.history_size)
  if (options.history_size !== draft.options.history_size)
    draft.hidden = Math.max(draft.hidden, draft.offset - shown)
  draft.options = options
}

function changeHistory(
  draft: ChannelDraft,
  change: Extract<ChannelChange, { change: 'history' }>,
): void {
  draft.hidden = draft.offset
  for (const entry of change.entries) draft.append(entry)
  draft.setStaticHistory(change.staticHistory)
}

function appendEntry(
  draft: ChannelDraft,
  change: Extract<ChannelChange, { change: 'entry' }>,
  now: number,
): ChannelCommitResult | undefined {
  const wanted = change.claim
  if (wanted === undefined) return void draft.append(change.draft)
  const { user, id, digest } = wanted
  const held = draft.claimOf(user, id)
  const { epoch } = draft.base
  const obstacle = claimObstacle(held, wanted, { epoch, now, completes: 'completes' })
  if (obstacle !== undefined) return obstacle
  const { offset, at } = draft.append(change.draft)
  const claimed = held !== undefined && !isExpired(held, now) ? held.claimed : now
  draft.addClaim({ user, id, claim: { digest, claimed, done: { offset, at } } })
  return undefined
}

function claim(
  draft: ChannelDraft,
  wanted: PublishClaim,
  now: number,
): ChannelCommitResult | undefined {
  const { user, id, digest } = wanted
  const held = draft.claimOf(user, id)
  const { epoch } = draft.base
  const obstacle = claimObstacle(held, wanted, { epoch, now, completes: 'claims' })
  if (obstacle === undefined) draft.addClaim({ user, id, claim: { digest, claimed: now } })
  return obstacle
}

function release(draft: ChannelDraft, { user, id, digest }: PublishClaim): void {
  const held = draft.claimOf(user, id)
  if (held?.done === undefined && held?.digest === digest)
    draft.addClaim({ user, id, claim: undefined })
}

function finish(draft: ChannelDraft, now: number, recovery: RecoverySettings): ChannelCommitResult {
  const { base } = draft
  dropTombstones(draft, now)
  dropClaims(draft, now)
  if (draft.options !== base.options || becomesRoom(draft)) draft.optionsVersion += 1
  if (draft.entries.length > 0 || draft.options !== base.options)
    draft.first = trimmedFirst(logOf(draft), recovery, now)
  const before = base.presence.size
  return {
    outcome: 'committed',
    committed: committedOf(draft),
    first: before === 0 && draft.subscribers > 0,
    last: before > 0 && draft.subscribers === 0,
  }
}

/** What goes into commits is another thing in a room: a node that has not heard of it must find that out. */
function becomesRoom({ created, room, base }: ChannelDraft): boolean {
  return !created && room !== undefined && base.room === undefined
}

function logOf({ offset, first, hidden, options, base }: ChannelDraft) {
  return { offset, first, hidden, options, marks: base.marks }
}

function dropClaims(draft: ChannelDraft, now: number): void {
  if (draft.claims.length === 0) return
  const added = new Map<string, Set<string>>()
  for (const { user, id, claim } of draft.claims) {
    if (claim === undefined) continue
    const ids = added.get(user)
    if (ids === undefined) added.set(user, new Set([id]))
    else ids.add(id)
  }
  for (const [user, ids] of added)
    for (const id of surplusClaims(draft.base.claims.get(user), ids, now))
      draft.addClaim({ user, id, claim: undefined })
}
