import type { Connection } from '../connection.ts'
import type { Core } from '../core.ts'
import type { Position } from '../entry.ts'
import { Refusal } from '../errors.ts'
import { own, refusalOf } from '../gate-keeper.ts'
import type { LocalChannel } from '../local-channel.ts'
import { asks } from '../options.ts'
import type { UserRecord, Verdict } from '../ports.ts'
import { reconcile } from '../reconcile.ts'
import { channelQuestion } from './channel-question.ts'
import { ensureChannel } from './create-channel.ts'
import { join } from './join.ts'
import { isIn, sharedConnections } from './places.ts'

/** A wish to be in a channel. */
export interface Subscribe {
  readonly channel: string
  readonly user: string
  readonly hook: 'ask' | 'skip'
  /** Where the asking connection was before: its snapshot resumes there. */
  readonly since?: Position
  /** The connection whose frame asked; absent: the app, for all the user's connections. */
  readonly connection?: Connection
}

/** Told of a hook's answer before it counts. */
export type OnVerdict = (verdict: Verdict) => Promise<void>

/** How often the options may change under a gate before the act is refused. */
const maxTries = 5

/**
 * Creates the channel if need be, asks the subscribe hook where the channel wants it, and joins. Waits for no lane.
 * `onVerdict` gets the hook's answer, refusals too, before it counts. Throws Refusal.
 */
export async function joinThroughGate(
  core: Core,
  command: Subscribe,
  onVerdict: OnVerdict,
): Promise<void> {
  const { connection, channel, since } = command
  if (connection !== undefined && since !== undefined) {
    connection.since ??= new Map()
    connection.since.set(channel, since)
  }
  try {
    for (let tries = 0; tries < maxTries; tries += 1) {
      if (await tryJoin(core, command, { onVerdict, isRepeat: tries > 0 })) return
    }
  } finally {
    // Its snapshot has used it, or none came: a later one must not resume at a place long passed.
    connection?.since?.delete(channel)
  }
  throw new Refusal('channel_changed')
}

/** False: the channel or this node's view of the user has changed meanwhile. */
async function tryJoin(
  core: Core,
  command: Subscribe,
  attempt: { onVerdict: OnVerdict; isRepeat: boolean },
): Promise<boolean> {
  const { connection } = command
  const record = await connectedRecord(core, command.user, attempt.isRepeat ? 'store' : 'node')
  if (attempt.isRepeat) refuseForgotten(record, connection)
  const attached = attachedAs(record, command)
  if (attached === 'fully') return settleHere(core, command)
  const channel = await ensureChannel(core, command.channel, connection)
  const initialData =
    attached === 'no'
      ? await ask(core, channel, { command, onVerdict: attempt.onVerdict })
      : undefined
  const outcome = await join(core, {
    user: command.user,
    channel,
    connection: whichConnections(record, command),
    isAsked: attached === 'no',
    ...(connection === undefined ? {} : { holds: connection.id }),
    ...(initialData === undefined ? {} : { initialData }),
  })
  return outcome === 'joined'
}

/** The user's record; REST names users that may not be connected. */
async function connectedRecord(
  core: Core,
  user: string,
  from: 'node' | 'store',
): Promise<UserRecord> {
  const known = from === 'node' ? core.hub.users.get(user)?.record : undefined
  if (known !== undefined && sharedConnections(known).length > 0) return known
  // A node that holds links of talk only may not have heard yet of a page on another one.
  const record = await core.stores.users.snapshot(user)
  if (record === undefined || sharedConnections(record).length === 0) {
    throw new Refusal('user_missing', `User ${user} doesn't exist`)
  }
  return record
}

/** Another node has taken this one for dead and ended the connection. Throws Refusal. */
function refuseForgotten(record: UserRecord, connection: Connection | undefined): void {
  if (connection === undefined) return
  if (!record.connections.some((item) => item.id === connection.id)) throw new Refusal('expired')
}

/** Whether the user is in already: then nothing is asked, at most a connection is attached. */
function attachedAs(record: UserRecord, command: Subscribe): 'no' | 'elsewhere' | 'fully' {
  const subscription = record.subscriptions.find((item) => item.channel === command.channel)
  if (subscription === undefined) return 'no'
  // A join that its node did not finish: carried out now, and asked about again.
  if (subscription.joined === undefined) return 'no'
  const held = new Set(subscription.connections.map((item) => item.id))
  const shared = sharedConnections(record).map((item) => item.id)
  // In a room by way of talk alone: no hook was asked about that.
  if (!isIn(record, command.channel, 'shared')) return 'no'
  const wanted =
    command.connection === undefined || !record.options.per_connection_subscriptions
      ? shared
      : [command.connection.id]
  return wanted.every((id) => held.has(id)) ? 'fully' : 'elsewhere'
}

/**
 * The record says that the connection is in: nothing to do where it is in the flow, unless it asks for what it missed
 * since a position. False where the record turns out to be outdated.
 */
async function settleHere(core: Core, command: Subscribe): Promise<boolean> {
  const { connection, channel } = command
  const user = connection?.user
  if (connection === undefined || user === undefined) return true
  const attached = connection.channels.get(channel)
  if (attached === undefined) await core.hub.refreshUser(user)
  else {
    if (command.since !== undefined) {
      connection.channels.delete(channel)
      attached.channel.subscribers.remove(connection)
    }
    // Where its snapshot is still being read, that comes before the answer.
    await reconcile(core, user, { channel })
  }
  return connection.channels.has(channel) || connection.stage === 'closed'
}

function whichConnections(record: UserRecord, command: Subscribe): string | 'all' {
  const perConnection = record.options.per_connection_subscriptions
  return perConnection && command.connection !== undefined ? command.connection.id : 'all'
}

/** Asks the subscribe hook where the channel wants it; the `initial_data` it gave, as JSON text. */
async function ask(
  core: Core,
  channel: LocalChannel,
  asked: { command: Subscribe; onVerdict: OnVerdict },
): Promise<string | undefined> {
  const { command, onVerdict } = asked
  if (command.hook === 'skip' || !asks(channel.options, 'subscribe')) return undefined
  const verdict = await core.gates.ask(channelQuestion('subscribe', channel.name, command))
  await onVerdict(verdict)
  if (!verdict.allowed) throw refusalOf(verdict)
  const initial = own(verdict.answer, 'initial_data')
  return initial === undefined ? undefined : JSON.stringify(initial)
}
