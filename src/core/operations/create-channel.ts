import { type ChannelDraft, draftChannel, parseChannelOptions } from '../channel-options.ts'
import type { Connection } from '../connection.ts'
import type { Core } from '../core.ts'
import { Refusal } from '../errors.ts'
import { refusalOf } from '../gate-keeper.ts'
import { whileLeased } from '../leases.ts'
import type { LocalChannel } from '../local-channel.ts'
import { channelQuestion } from './channel-question.ts'

/** How often a channel may vanish between its creation and the act that wanted it. */
const maxTries = 3

/**
 * The channel; where it is missing the app is asked to create it, once at a time: everybody who waits shares the
 * verdict. A channel that REST creates meanwhile wins. Throws Refusal.
 */
export async function ensureChannel(
  core: Core,
  name: string,
  connection?: Connection,
): Promise<LocalChannel> {
  for (let tries = 0; tries < maxTries; tries += 1) {
    const channel = await core.hub.channel(name)
    if (channel !== undefined) return channel
    await askUnlessCreated(core, name, connection)
  }
  throw new Refusal('channel_changed')
}

/** Asks the gate, or stops waiting for it when the channel is there: apps create channels from inside their hooks. */
async function askUnlessCreated(core: Core, name: string, connection?: Connection): Promise<void> {
  const { created, stop } = await core.hub.expectChannel(name)
  const asked = core.gates.once(`create:${name}`, () =>
    whileLeased(core, `create:${name}`, () => askAndCreate(core, name, connection)),
  )
  try {
    await Promise.race([created, asked])
  } finally {
    stop()
  }
}

async function askAndCreate(core: Core, name: string, connection?: Connection): Promise<void> {
  // Another node may have created it while this one waited for the lease.
  if ((await core.hub.channel(name)) !== undefined) return
  const user = connection?.user?.name
  const question = channelQuestion('create_channel', name, { user, connection })
  const verdict = await core.gates.ask(question)
  if (!verdict.allowed) throw refusalOf(verdict)
  let draft: ChannelDraft
  try {
    draft = await readDraft(core, name, verdict.answer)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    throw core.gates.badAnswer(question, verdict, error.message)
  }
  await commitCreate(core, { name, draft, ...(user === undefined ? {} : { createdBy: user }) })
}

/** Creates a channel for the app (REST). Throws Refusal `channel_exists` or `invalid_option`. */
export async function createChannel(
  core: Core,
  command: { channel: string; options: Record<string, unknown>; hook: 'ask' | 'skip' },
): Promise<void> {
  const { channel: name, options, hook } = command
  const exists = new Refusal('channel_exists', `Channel ${name} already exists`)
  if ((await core.hub.channel(name)) !== undefined) throw exists
  const given = await readDraft(core, name, options)
  if (hook === 'ask') {
    const question = channelQuestion('create_channel', name)
    const verdict = await core.gates.pass(question)
    const asked = await readDraft(core, name, { ...verdict.answer, ...options })
    if (!(await commitCreate(core, { name, draft: asked }))) throw exists
    return
  }
  if (!(await commitCreate(core, { name, draft: given }))) throw exists
}

async function readDraft(
  core: Core,
  name: string,
  given: Readonly<Record<string, unknown>>,
): Promise<ChannelDraft> {
  // A refusal's text may stand beside options; it is none.
  const { error: _error, msg: _msg, ...options } = given
  const patch = parseChannelOptions(options, core.settings)
  await core.pollers.check(name, patch)
  return draftChannel(core, patch)
}

/** False if the channel exists by now: whoever came first wins. */
async function commitCreate(
  core: Core,
  creation: { name: string; draft: ChannelDraft; createdBy?: string },
): Promise<boolean> {
  const { name, draft, createdBy } = creation
  const { maxChannels, maxChannelsPerUser } = core.settings
  const result = await core.stores.channels.commit(name, {
    expect: { absent: true },
    changes: [
      {
        change: 'create',
        epoch: core.random.hex(8),
        ...draft,
        ...(createdBy === undefined ? {} : { createdBy }),
        limits: { channels: maxChannels, perCreator: maxChannelsPerUser },
      },
    ],
    now: core.clock.now(),
  })
  if (result.outcome !== 'committed') return false
  core.hub.committed(result.committed)
  core.channelConfigured(name, draft.options)
  return true
}
