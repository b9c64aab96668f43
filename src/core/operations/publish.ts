import type { Core } from '../core.ts'
import { Refusal } from '../errors.ts'
import { own, refusalOf } from '../gate-keeper.ts'
import type { LocalChannel } from '../local-channel.ts'
import { asks } from '../options.ts'
import type { ChannelCommitResult, PublishClaim } from '../ports.ts'
import type { Published } from '../published.ts'
import { ensureChannel } from './create-channel.ts'
import { type Attempt, draftEntry, entryChanges } from './entry-changes.ts'
import { carryOutLists } from './lists.ts'
import { pass, passOnlyTo } from './pass.ts'
import { admission, claimOf, type Publish, type Publisher, publisherName } from './publisher.ts'

export type { Publisher } from './publisher.ts'

const maxTries = 5

/** Publishes to a channel (design §2, "Flow of a publish"). Rejects with a Refusal. */
export function publish(core: Core, publisher: Publisher, command: Publish): Promise<Published> {
  return command.id === undefined
    ? publishClaimed(core, publisher, { command, claim: undefined })
    : publishOnce(core, publisher, command)
}

/** A repeat that comes meanwhile waits for the same verdict. */
async function publishOnce(core: Core, publisher: Publisher, command: Publish): Promise<Published> {
  const claim = claimOf(publisher, command)
  const key = `publish:${JSON.stringify([command.channel, claim])}`
  const isRepeat = core.gates.isUnderWay(key)
  const published = await core.gates.once(key, () =>
    publishClaimed(core, publisher, { command, claim }),
  )
  return isRepeat ? { ...published, duplicate: true } : published
}

async function publishClaimed(
  core: Core,
  publisher: Publisher,
  { command, claim }: { command: Publish; claim: PublishClaim | undefined },
): Promise<Published> {
  for (let tries = 0; tries < maxTries; tries += 1) {
    const known = knownChannel(core, publisher, command.channel)
    const channel = known ?? (await findChannel(core, publisher, command.channel))
    const published = await publishTo(core, { channel, publisher, command, claim })
    if (published !== 'changed') return published
  }
  throw new Refusal('channel_changed')
}

function publishTo(core: Core, attempt: Attempt): Promise<Published | 'changed'> {
  const { channel, publisher, command } = attempt
  const { expectation } = channel
  return needsGate(channel, publisher)
    ? publishAsked(core, attempt, expectation)
    : deliver(core, attempt, { payload: command.payload, onlySender: false, expectation })
}

async function publishAsked(
  core: Core,
  attempt: Attempt,
  expectation: LocalChannel['expectation'],
): Promise<Published | 'changed'> {
  const known = await claimFirst(core, attempt)
  if (known !== undefined) return known
  let outcome: Published | 'changed' | undefined
  try {
    const allowed = await askToPublish(core, attempt)
    outcome = await deliver(core, attempt, { ...allowed, expectation })
    return outcome
  } finally {
    const stored = typeof outcome === 'object' && outcome.offset !== undefined
    if (!stored && attempt.claim !== undefined)
      core.background('release publish id', release(core, attempt))
  }
}

function needsGate(channel: LocalChannel, publisher: Publisher): boolean {
  if (publisher.kind === 'talk') return false
  return publisher.kind === 'app' ? publisher.hook === 'ask' : asks(channel.options, 'publish')
}

/** Without a promise: most publishes go to a channel that this node knows. */
function knownChannel(core: Core, publisher: Publisher, name: string): LocalChannel | undefined {
  const known = roomOf(publisher) ?? core.hub.channels.get(name)
  if (known !== undefined) known.usedAt = core.clock.now()
  return known
}

async function findChannel(core: Core, publisher: Publisher, name: string): Promise<LocalChannel> {
  if (publisher.kind === 'connection') return ensureChannel(core, name, publisher.connection)
  const channel = await core.hub.channel(name)
  if (channel === undefined) throw new Refusal('channel_missing', `Channel ${name} doesn't exist`)
  return channel
}

/** The room of a link of talk. Throws Refusal `channel_changed` where it has ended. */
function roomOf(publisher: Publisher): LocalChannel | undefined {
  const room = publisher.kind === 'talk' ? publisher.room : undefined
  if (room?.gone) throw new Refusal('channel_changed')
  return room
}

/** What the app let pass. */
interface Allowed {
  readonly payload: string
  readonly onlySender: boolean
}

async function askToPublish(core: Core, attempt: Attempt): Promise<Allowed> {
  const { channel, publisher, command } = attempt
  const user = publisherName(publisher)
  const connection = publisher.kind === 'connection' ? publisher.connection : undefined
  const verdict = await core.gates.ask({
    hook: 'publish',
    form: [
      ['channel_name', channel.name],
      ['destination', channel.name],
      ['payload', command.payload],
      ...(channel.options.anonymous ? [] : ([['originator', user ?? '']] as const)),
    ],
    channel: channel.name,
    ...(user === null ? {} : { user }),
    ...(connection === undefined ? {} : { connection }),
  })
  if (connection !== undefined && user !== null) {
    await carryOutLists(core, verdict, { user, connection })
  }
  if (!verdict.allowed) throw refusalOf(verdict)
  const override = own(verdict.answer, 'override_payload')
  return {
    payload: override === undefined ? command.payload : JSON.stringify(override),
    onlySender: Boolean(own(verdict.answer, 'only_to_sender')),
  }
}

async function deliver(
  core: Core,
  attempt: Attempt,
  act: Allowed & { expectation: LocalChannel['expectation'] },
): Promise<Published | 'changed'> {
  const { channel } = attempt
  const draft = draftEntry(core, attempt, act.payload)
  if (act.onlySender) {
    const user = publisherName(attempt.publisher)
    if (user !== null) passOnlyTo(core, { channel, user }, draft)
    return { at: draft.at }
  }
  if (channel.options.history_size === 0) {
    if (channel.gone || channel.optionsVersion !== act.expectation.optionsVersion) return 'changed'
    pass(core, channel, draft)
    return { at: draft.at }
  }
  const changes = entryChanges(core, attempt, draft)
  const result = await core.stores.channels.commit(channel.name, {
    expect: { ...act.expectation, ...admission(attempt.publisher) },
    changes,
    now: draft.at,
  })
  if (changes.length > 1) core.rooms?.written()
  if (result.outcome !== 'committed') return settle(channel, result)
  core.hub.committed(result.committed)
  const { epoch, offset } = result.committed.head
  return { at: draft.at, epoch, offset }
}

type NotCommitted = Exclude<ChannelCommitResult, { outcome: 'committed' }>

async function settle(channel: LocalChannel, result: NotCommitted): Promise<Published | 'changed'> {
  switch (result.outcome) {
    case 'duplicate':
      return { at: result.at, ...result.position, duplicate: true }
    case 'pending':
      throw new Refusal('publish_pending')
    case 'reused':
      throw new Refusal('publish_id_reused')
    case 'conflict':
      await channel.heal()
      if (result.reason === 'options') return 'changed'
      if (result.reason === 'not_admitted') throw new Refusal('shut_out')
      if (result.reason === 'not_room') throw new Refusal('not_room')
      throw new Refusal('channel_changed')
    default:
      return result satisfies never
  }
}

/** Claims the id before the gate, so that a repeat meanwhile is not asked again. The earlier result, if any. */
async function claimFirst(
  core: Core,
  attempt: Attempt,
): Promise<Published | 'changed' | undefined> {
  const { channel, claim } = attempt
  if (claim === undefined || channel.options.history_size === 0) return undefined
  const now = core.clock.now()
  const result = await core.stores.channels.commit(channel.name, {
    expect: { epoch: channel.head.epoch },
    changes: [{ change: 'claim', claim }],
    now,
  })
  return result.outcome === 'committed' ? undefined : settle(channel, result)
}

/** Frees the id of a publish that was refused. */
async function release(core: Core, attempt: Attempt): Promise<void> {
  const { channel, claim } = attempt
  if (claim === undefined || channel.options.history_size === 0) return
  await core.stores.channels.commit(channel.name, {
    expect: { epoch: channel.head.epoch },
    changes: [{ change: 'release', claim }],
    now: core.clock.now(),
  })
}
