import type { Core } from '../core.ts'
import type { EntryDraft } from '../entry.ts'
import { Refusal } from '../errors.ts'
import type { LocalChannel } from '../local-channel.ts'
import type { ChannelCommitted, Intent, UserChange, UserRecord } from '../ports.ts'
import { reconcile } from '../reconcile.ts'
import { confirmIntents } from './forget-subscription.ts'

/** A join whose gates have been passed. */
interface Join {
  readonly user: string
  readonly channel: LocalChannel
  /** One connection, or all the user has. */
  readonly connection: string | 'all'
  /** The connection that asked: the user's record must still hold it. */
  readonly holds?: string
  /** What a join needs to be asked was asked; else only a user who is in already gets another connection in. */
  readonly isAsked: boolean
  /** JSON text from the subscribe hook. */
  readonly initialData?: string
}

/**
 * Puts a user into a channel: the user's record first (it decides whether this is a join and leaves the intent),
 * the channel next, the confirmation last; then the connections here get their snapshot. `changed`: the channel is
 * gone, or its options are no longer those under which the gate was asked; nothing was done. Throws Refusal.
 */
export async function join(core: Core, request: Join): Promise<'joined' | 'changed'> {
  const { user, channel } = request
  const joined = await core.hub.commitUser(user, {
    ...(request.holds === undefined ? {} : { holds: request.holds }),
    changes: [
      {
        change: 'subscribe',
        channel: channel.name,
        connection: request.connection,
        max: core.settings.maxSubscriptions,
        ...(request.isAsked ? {} : { onlyIfIn: true as const }),
      },
    ],
    now: core.clock.now(),
  })
  if (joined.outcome === 'conflict') {
    if (!request.isAsked) return 'changed'
    throw new Refusal('expired')
  }
  const { initialData } = request
  return carryOutJoin(core, joined.record, {
    channel,
    ...(initialData === undefined ? {} : { initialData }),
  })
}

/**
 * The channel's half of a join that the user's record holds, its confirmation, and the snapshots of the connections
 * here. `changed`: the channel is gone or its options have changed, and the join was taken back.
 */
export async function carryOutJoin(
  core: Core,
  joined: UserRecord,
  at: { channel: LocalChannel; initialData?: string },
): Promise<'joined' | 'changed'> {
  const { channel, initialData } = at
  const user = joined.name
  const intent = joinIntent(joined, channel.name)
  let record = joined
  if (intent !== undefined) {
    const outcome = await enterChannel(core, user, { channel, intent })
    if (outcome === 'changed') return 'changed'
    record = outcome
  }
  const initial =
    initialData === undefined ? undefined : { channel: channel.name, json: initialData }
  core.hub.userCommitted(record, initial)
  const local = core.hub.users.get(user)
  if (local !== undefined) {
    await reconcile(core, local, {
      channel: channel.name,
      ...(initialData === undefined ? {} : { initialData }),
    })
  }
  return 'joined'
}

/** The join that is still to be carried out: this commit's, or one that an earlier try left behind. */
function joinIntent(record: UserRecord, channel: string): Intent | undefined {
  return record.intents.find((item) => item.channel === channel && item.kind === 'join')
}

async function enterChannel(
  core: Core,
  user: string,
  at: { channel: LocalChannel; intent: Intent },
): Promise<UserRecord | 'changed'> {
  const { channel, intent } = at
  const entered = await core.stores.channels.commit(channel.name, {
    expect: channel.expectation,
    changes: [enterChange(core, channel, { user, intent })],
    now: core.clock.now(),
  })
  if (entered.outcome !== 'committed') {
    await withdraw(core, user, intent)
    await channel.heal()
    return 'changed'
  }
  core.hub.committed(entered.committed)
  const confirmed = await core.hub.commitUser(user, {
    changes: [confirmation(intent, entered.committed)],
    now: core.clock.now(),
  })
  if (confirmed.outcome === 'conflict') throw new Refusal('expired')
  return confirmed.record
}

/** What the user's record is told of a join that the channel has taken. */
export function confirmation(
  { channel, generation }: Intent,
  committed: ChannelCommitted,
): Extract<UserChange, { change: 'confirm' }> {
  const joined = committed.entered[0]?.offset ?? 0
  return { change: 'confirm', channel, generation, joined }
}

/** The join as a change of the channel, with its history entry where the channel keeps one. */
export function enterChange(
  core: Core,
  channel: LocalChannel,
  join: { user: string; intent: Intent },
): {
  change: 'enter'
  user: string
  generation: number
  at: number
  entry?: EntryDraft
} {
  const { user, intent } = join
  return {
    change: 'enter',
    user,
    generation: intent.generation,
    at: intent.at,
    ...comingEntry(core, channel, { kind: 'join', user, at: intent.at }),
  }
}

/** A join or leave as an entry of the history, on channels that keep them. */
export function comingEntry(
  core: Core,
  channel: LocalChannel,
  coming: { kind: 'join' | 'leave'; user: string; at: number },
): { entry?: EntryDraft } {
  const { options } = channel
  if (options.history_size === 0 || options.history_publish_only) return {}
  return {
    entry: {
      kind: coming.kind,
      id: core.random.hex(8),
      at: coming.at,
      author: options.anonymous ? {} : { user: coming.user },
      content: '',
      encoding: 'json',
    },
  }
}

/** Takes back a join that its channel did not take. */
async function withdraw(core: Core, user: string, intent: Intent): Promise<void> {
  const { channel, generation } = intent
  const result = await core.hub.commitUser(user, {
    changes: [{ change: 'unsubscribe', channel, generation }],
    now: core.clock.now(),
  })
  if (result.outcome === 'committed') await confirmIntents(core, user, result.intents)
}
