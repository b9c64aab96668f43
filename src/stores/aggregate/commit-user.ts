import { Refusal } from '../../core/errors.ts'
import { defaultUserOptions } from '../../core/options.ts'
import type {
  Departure,
  Intent,
  Notice,
  UserChange,
  UserCommit,
  UserCommitResult,
  UserRecord,
  UserSubscription,
} from '../../core/ports.ts'

/** The answer to a commit of a user, and what to keep. */
export interface UserEvaluation {
  readonly result: UserCommitResult
  /** Absent: nothing changed, nothing to write. */
  readonly changed?: {
    /** Undefined: the record goes. */
    readonly record: UserRecord | undefined
    readonly notices: readonly Notice[]
  }
}

/** A record while a commit is being carried out. Its lists are replaced, never changed. */
interface Draft {
  readonly version: number
  options: UserRecord['options']
  connections: UserRecord['connections']
  subscriptions: UserRecord['subscriptions']
  intents: UserRecord['intents']
  readonly written: Map<string, Intent>
  readonly notices: Notice[]
  readonly now: number
}

/**
 * Evaluates one commit of a user (`held` undefined: no record). `floor` is at least every version that a deleted
 * record ever had, so that a name that comes back starts above it. Throws Refusal `too_many_subscriptions`.
 */
export function commitUser(
  target: { readonly user: string; readonly held: UserRecord | undefined; readonly floor: number },
  commit: UserCommit,
): UserEvaluation {
  const { held, user } = target
  if (commit.holds !== undefined && !hasConnection(held, commit.holds))
    return { result: { outcome: 'conflict' } }
  const draft = begin(target, commit.now)
  for (const change of commit.changes)
    if (applyChange(draft, change) === 'conflict') return { result: { outcome: 'conflict' } }
  const before = held ?? emptyRecord(user)
  const changed = isChanged(draft, before)
  const record = changed ? recordOf(user, draft) : before
  const result: UserCommitResult = {
    outcome: 'committed',
    record,
    previous: before.version,
    first: before.connections.length === 0 && record.connections.length > 0,
    last: before.connections.length > 0 && record.connections.length === 0,
    intents: [...draft.written.values()],
    notices: draft.notices,
  }
  if (!changed) return { result }
  const gone = record.connections.length === 0 && record.intents.length === 0
  return { result, changed: { record: gone ? undefined : record, notices: draft.notices } }
}

function hasConnection(held: Pick<UserRecord, 'connections'> | undefined, id: string): boolean {
  return held?.connections.some((connection) => connection.id === id) === true
}

function begin(target: Parameters<typeof commitUser>[0], now: number): Draft {
  const { held, floor } = target
  return {
    version: Math.max((held?.version ?? floor) + 1, now * 1000),
    options: held?.options ?? defaultUserOptions,
    connections: held?.connections ?? [],
    subscriptions: held?.subscriptions ?? [],
    intents: held?.intents ?? [],
    written: new Map(),
    notices: [],
    now,
  }
}

function emptyRecord(name: string): UserRecord {
  const options = defaultUserOptions
  return { name, version: 0, options, connections: [], subscriptions: [], intents: [] }
}

function recordOf(name: string, draft: Draft): UserRecord {
  const { version, options, connections, subscriptions, intents } = draft
  return { name, version, options, connections, subscriptions, intents }
}

function isChanged(draft: Draft, before: UserRecord): boolean {
  return (
    draft.options !== before.options ||
    draft.connections !== before.connections ||
    draft.subscriptions !== before.subscriptions ||
    draft.intents !== before.intents
  )
}

function applyChange(draft: Draft, change: UserChange): 'conflict' | undefined {
  switch (change.change) {
    case 'connect':
      return void connect(draft, change)
    case 'disconnect':
      return void disconnect(draft, change)
    case 'options':
      return changeOptions(draft, change)
    case 'subscribe':
      return subscribe(draft, change)
    case 'unsubscribe':
      return void unsubscribe(draft, change)
    case 'confirm':
      return void confirm(draft, change)
    default:
      return change satisfies never
  }
}

function connect(draft: Draft, change: Extract<UserChange, { change: 'connect' }>): void {
  const { connection, inherit, options } = change
  const others = draft.connections.filter(({ id }) => id !== connection.id)
  // `concat`: a spread leaves room for sixteen more, which every user would keep.
  draft.connections = others.concat(connection)
  if (options !== undefined) draft.options = options
  if (inherit)
    draft.subscriptions = draft.subscriptions.map((subscription) =>
      isShared(draft, subscription)
        ? attach(subscription, [connection.id], draft.version)
        : subscription,
    )
}

function disconnect(draft: Draft, change: Extract<UserChange, { change: 'disconnect' }>): void {
  const { connection, everywhere, notice } = change
  const gone = draft.connections.find(({ id }) => id === connection)
  if (gone === undefined) return
  const before = draft.subscriptions
  const shared = before.filter((subscription) => isShared(draft, subscription))
  const goes = everywhere && gone.only === undefined ? sharedIds(draft) : new Set([connection])
  const departures = new Map(change.departures)
  for (const subscription of before) {
    if (!isAttached(subscription, connection)) continue
    // Of a place that nobody can tell of, the worst is taken to be true.
    const known = departures.get(subscription.channel) ?? { how: 'lost' }
    const departure: Departure = gone.only === undefined ? known : { ...known, since: 'marker' }
    detach(draft, subscription, { ids: goes, departure })
  }
  draft.connections = draft.connections.filter(({ id }) => id !== connection)
  if (notice === undefined || gone.only !== undefined || sharedIds(draft).size > 0) return
  const channels = shared.map(({ channel }) => channel)
  draft.notices.push({ ...notice, body: withChannels(notice.body, channels) })
}

function withChannels(body: string, channels: readonly string[]): string {
  return JSON.stringify({ ...(JSON.parse(body) as object), channels })
}

function changeOptions(
  draft: Draft,
  { options }: Extract<UserChange, { change: 'options' }>,
): 'conflict' | undefined {
  // Options alone make no record: a user exists by its connections.
  if (draft.connections.length === 0 && draft.intents.length === 0) return 'conflict'
  if (JSON.stringify(options) !== JSON.stringify(draft.options)) draft.options = options
  return undefined
}

function subscribe(
  draft: Draft,
  change: Extract<UserChange, { change: 'subscribe' }>,
): 'conflict' | undefined {
  const { channel, connection, max } = change
  const ids =
    connection === 'all'
      ? [...sharedIds(draft)]
      : draft.connections.map(({ id }) => id).filter((id) => id === connection)
  // A subscription without a connection would never end.
  if (ids.length === 0) return 'conflict'
  const held = draft.subscriptions.find((subscription) => subscription.channel === channel)
  if (change.onlyIfIn && (held === undefined || !isShared(draft, held))) return 'conflict'
  if (held !== undefined) {
    const attached = attach(held, ids, draft.version)
    if (attached !== held) replace(draft, held, attached)
    return undefined
  }
  if (draft.subscriptions.length >= max) throw new Refusal('too_many_subscriptions')
  const joined = { channel, generation: draft.version, connections: [] }
  draft.subscriptions = draft.subscriptions.concat(attach(joined, ids, draft.version))
  intend(draft, { kind: 'join', channel })
  return undefined
}

function unsubscribe(draft: Draft, change: Extract<UserChange, { change: 'unsubscribe' }>): void {
  const { channel, generation, spares } = change
  for (const subscription of draft.subscriptions) {
    if (subscription.channel !== channel) continue
    if (generation !== undefined && subscription.generation !== generation) continue
    const ids = subscription.connections.map(({ id }) => id)
    const shared = sharedIds(draft)
    detach(draft, subscription, { ids: new Set(spares ? ids.filter((id) => shared.has(id)) : ids) })
  }
}

/** Takes connections out of a subscription; without any left it ends, and the user leaves the channel. */
function detach(
  draft: Draft,
  subscription: UserSubscription,
  going: { readonly ids: ReadonlySet<string>; readonly departure?: Departure },
): void {
  const connections = subscription.connections.filter(({ id }) => !going.ids.has(id))
  if (connections.length === subscription.connections.length && connections.length > 0) return
  if (connections.length > 0) {
    replace(draft, subscription, { ...subscription, connections })
    return
  }
  draft.subscriptions = draft.subscriptions.filter((each) => each !== subscription)
  const { channel } = subscription
  const { departure } = going
  intend(draft, { kind: 'leave', channel, ...(departure === undefined ? {} : { departure }) })
}

function intend(
  draft: Draft,
  { kind, channel, departure }: Pick<Intent, 'kind' | 'channel' | 'departure'>,
): void {
  const intent: Intent = {
    kind,
    channel,
    generation: draft.version,
    at: draft.now,
    ...(departure === undefined ? {} : { departure }),
  }
  draft.intents = [...draft.intents.filter((each) => each.channel !== channel), intent]
  draft.written.set(channel, intent)
}

function confirm(draft: Draft, change: Extract<UserChange, { change: 'confirm' }>): void {
  const { channel, generation, joined } = change
  const matches = (each: { channel: string; generation: number }) =>
    each.channel === channel && each.generation === generation
  if (draft.intents.some(matches)) draft.intents = draft.intents.filter((each) => !matches(each))
  const held = draft.subscriptions.find(matches)
  if (held === undefined || held.joined !== undefined) return
  replace(draft, held, { ...held, joined: joined ?? 0 })
}

function replace(draft: Draft, held: UserSubscription, by: UserSubscription): void {
  draft.subscriptions = draft.subscriptions.map((each) => (each === held ? by : each))
}

/** Connections that take part in the user's subscriptions. */
function sharedIds(draft: Draft): Set<string> {
  const shared = draft.connections.filter(({ only }) => only === undefined)
  return new Set(shared.map(({ id }) => id))
}

/** Whether the user is in by a connection that is not in this channel only. */
function isShared(draft: Draft, subscription: UserSubscription): boolean {
  const shared = sharedIds(draft)
  return subscription.connections.some(({ id }) => shared.has(id))
}

function isAttached(subscription: UserSubscription, connection: string): boolean {
  return subscription.connections.some(({ id }) => id === connection)
}

function attach(
  subscription: UserSubscription,
  ids: readonly string[],
  generation: number,
): UserSubscription {
  const missing = ids.filter((id) => !isAttached(subscription, id))
  if (missing.length === 0) return subscription
  const connections = subscription.connections.concat(missing.map((id) => ({ id, generation })))
  return { ...subscription, connections }
}
