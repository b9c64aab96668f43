import type { Connection } from '../connection.ts'
import type { Core } from '../core.ts'
import type { Author, Entry, EntryDraft } from '../entry.ts'
import { Refusal } from '../errors.ts'
import { own, refusalOf } from '../gate-keeper.ts'
import type { LocalChannel } from '../local-channel.ts'
import { asks } from '../options.ts'
import type { ChannelCommitResult, PublishClaim } from '../ports.ts'
import type { Published } from '../published.ts'
import { ensureChannel } from './create-channel.ts'
import { carryOutLists } from './lists.ts'

/** Who publishes: a connection's user, or the app under a name of its choice (`null`: none). */
export type Publisher =
  | { readonly kind: 'connection'; readonly connection: Connection; readonly user: string }
  | { readonly kind: 'app'; readonly originator: string | null; readonly hook: 'ask' | 'skip' }

export interface Publish {
  readonly channel: string
  /** JSON text on one line. */
  readonly payload: string
  /** The publisher's own id of this publish: a repeat has no effect (G4). */
  readonly id?: string
}

const maxTries = 5
const publishId = /^[A-Za-z0-9_-]{1,64}$/

/** Publishes to a channel (design §2, "Flow of a publish"). Throws Refusal. */
export async function publish(
  core: Core,
  publisher: Publisher,
  command: Publish,
): Promise<Published> {
  const claim = claimOf(publisher, command)
  if (claim === undefined) return publishClaimed(core, publisher, { ...command, claim })
  // A repeat that comes meanwhile waits for the same verdict.
  const key = `publish:${JSON.stringify([command.channel, claim])}`
  const isRepeat = core.gates.isUnderWay(key)
  const published = await core.gates.once(key, () =>
    publishClaimed(core, publisher, { ...command, claim }),
  )
  return isRepeat ? { ...published, duplicate: true } : published
}

async function publishClaimed(
  core: Core,
  publisher: Publisher,
  command: Publish & { claim: PublishClaim | undefined },
): Promise<Published> {
  const { claim } = command
  for (let tries = 0; tries < maxTries; tries += 1) {
    const channel = await channelFor(core, publisher, command.channel)
    const published = await publishTo(core, { channel, publisher, command, claim })
    if (published !== 'changed') return published
  }
  throw new Refusal('channel_changed')
}

interface Attempt {
  readonly channel: LocalChannel
  readonly publisher: Publisher
  readonly command: Publish
  readonly claim: PublishClaim | undefined
}

async function publishTo(core: Core, attempt: Attempt): Promise<Published | 'changed'> {
  const { channel, publisher, command } = attempt
  const expectation = channel.expectation
  if (!needsGate(channel, publisher)) {
    return deliver(core, attempt, { payload: command.payload, onlySender: false, expectation })
  }
  const known = await claimFirst(core, attempt)
  if (known !== undefined) return known
  let outcome: Published | 'changed' | undefined
  try {
    const allowed = await askToPublish(core, attempt)
    outcome = await deliver(core, attempt, { ...allowed, expectation })
    return outcome
  } finally {
    const stored = typeof outcome === 'object' && outcome.offset !== undefined
    if (!stored) core.background('release publish id', release(core, attempt))
  }
}

function needsGate(channel: LocalChannel, publisher: Publisher): boolean {
  return publisher.kind === 'app' ? publisher.hook === 'ask' : asks(channel.options, 'publish')
}

async function channelFor(core: Core, publisher: Publisher, name: string): Promise<LocalChannel> {
  const known = core.hub.channels.get(name)
  if (known !== undefined) {
    known.usedAt = core.clock.now()
    return known
  }
  if (publisher.kind === 'connection') return ensureChannel(core, name, publisher.connection)
  const channel = await core.hub.channel(name)
  if (channel === undefined) throw new Refusal('channel_missing', `Channel ${name} doesn't exist`)
  return channel
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
    passOnlyToSender(core, attempt, draft)
    return { at: draft.at }
  }
  if (channel.options.history_size === 0) {
    if (channel.gone || channel.optionsVersion !== act.expectation.optionsVersion) return 'changed'
    pass(core, channel, draft)
    return { at: draft.at }
  }
  const result = await core.stores.channels.commit(channel.name, {
    expect: act.expectation,
    changes: [
      {
        change: 'entry',
        draft,
        ...(attempt.claim === undefined ? {} : { claim: attempt.claim }),
      },
    ],
    now: draft.at,
  })
  return settle(core, channel, { result, at: draft.at })
}

async function settle(
  core: Core,
  channel: LocalChannel,
  committed: { result: ChannelCommitResult; at: number },
): Promise<Published | 'changed'> {
  const { result, at } = committed
  switch (result.outcome) {
    case 'committed': {
      core.hub.committed(result.committed)
      const { epoch, offset } = result.committed.head
      return { at, epoch, offset }
    }
    case 'duplicate':
      return { at: result.at, ...result.position, duplicate: true }
    case 'pending':
      throw new Refusal('publish_pending')
    case 'reused':
      throw new Refusal('publish_id_reused')
    case 'conflict':
      await channel.heal()
      if (result.reason === 'options') return 'changed'
      throw new Refusal('channel_changed')
    default:
      return result satisfies never
  }
}

function draftEntry(core: Core, attempt: Attempt, payload: string): EntryDraft {
  const { channel, publisher, command } = attempt
  const omit =
    publisher.kind === 'connection' && !channel.options.reflective
      ? { omit: publisher.connection.id }
      : {}
  return {
    kind: 'publish',
    id: command.id ?? core.random.hex(8),
    at: core.clock.now(),
    author: authorOf(channel, publisher),
    content: payload,
    encoding: 'json',
    ...omit,
  }
}

function authorOf(channel: LocalChannel, publisher: Publisher): Author {
  if (channel.options.anonymous) return {}
  if (publisher.kind === 'app') return { user: publisher.originator }
  return { user: publisher.user, connection: publisher.connection.id }
}

/** A channel without history: to whoever listens now, here and on the other nodes. */
function pass(core: Core, channel: LocalChannel, draft: EntryDraft): void {
  const message = passing(core, channel, draft)
  channel.applyPassing(message)
  core.bus.publish(`channel:${channel.name}`, message)
}

function passOnlyToSender(core: Core, attempt: Attempt, draft: EntryDraft): void {
  const user = publisherName(attempt.publisher)
  if (user === null) return
  const message = { ...passing(core, attempt.channel, draft), only: user }
  const local = core.hub.users.get(user)
  if (local !== undefined) core.hub.tellOnly(local, attempt.channel.name, message.entry)
  core.bus.publish(`user:${user}`, message)
}

function passing(core: Core, channel: LocalChannel, draft: EntryDraft) {
  const { head } = channel
  const entry: Entry = { ...draft, epoch: head.epoch, offset: 0, count: 0 }
  return {
    v: 1,
    type: 'passing',
    node: core.nodeId,
    channel: channel.name,
    sequence: core.hub.nextPassing(),
    entry,
  } as const
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
  if (result.outcome === 'committed') return undefined
  return settle(core, channel, { result, at: now })
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

function claimOf(publisher: Publisher, command: Publish): PublishClaim | undefined {
  if (command.id === undefined) return undefined
  if (!publishId.test(command.id)) throw new Refusal('invalid_publish_id')
  return { user: publisherName(publisher) ?? '', id: command.id, digest: digestOf(command.payload) }
}

function publisherName(publisher: Publisher): string | null {
  return publisher.kind === 'app' ? publisher.originator : publisher.user
}

/** FNV-1a over the text, 64 bits in two halves, with its length: tells a reused id from a repeat. */
function digestOf(text: string): string {
  let low = 0x811c9dc5
  let high = 0x1b873593
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i)
    low = Math.imul(low ^ code, 0x01000193)
    high = Math.imul(high ^ (code + i), 0x85ebca6b)
  }
  return `${text.length}-${(low >>> 0).toString(16)}-${(high >>> 0).toString(16)}`
}
