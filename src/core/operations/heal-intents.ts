import type { Core } from '../core.ts'
import { allNames } from '../paging.ts'
import type { Intent, UserRecord } from '../ports.ts'
import { channelEmptied } from './destroy-channel.ts'
import { confirmIntents, forgetSubscription } from './forget-subscription.ts'
import { confirmation, enterChange } from './join.ts'
import { carryOutLeave } from './leave.ts'

/** Longer than any act that still waits for its gate. */
const staleMs = 60_000

/**
 * Carries out joins and leaves that stand in users' records because the node that began them did not finish
 * (design §3). A channel ignores what is not newer than what it holds, so doing one twice is harmless.
 */
export async function healIntents(core: Core): Promise<void> {
  const { users } = core.stores
  const before = core.clock.now() - staleMs
  for await (const name of allNames((page) => users.list({ ...page, intentsBefore: before }))) {
    const record = await users.snapshot(name)
    const stale = record?.intents.filter((intent) => intent.at < before) ?? []
    for (const intent of stale) if (record !== undefined) await healIntent(core, record, intent)
  }
}

async function healIntent(core: Core, record: UserRecord, intent: Intent): Promise<void> {
  try {
    if (intent.kind === 'leave') await healLeave(core, record.name, intent)
    else await carryOutJoin(core, record, intent)
  } catch (error) {
    // One that cannot be carried out now must not stop the others.
    core.telemetry.failure('heal intent', error, { user: record.name, channel: intent.channel })
  }
}

/** Where the channel's half was done and only its answer was lost, nobody knew that this was the last to leave. */
async function healLeave(core: Core, user: string, intent: Intent): Promise<void> {
  if ((await carryOutLeave(core, user, { intent, hook: 'ask' })) === 'emptied') return
  const { channels } = core.stores
  const snapshot = await channels.snapshot(intent.channel, { limit: 0, now: core.clock.now() })
  if (snapshot === undefined || !snapshot.everSubscribed || snapshot.presence.length > 0) return
  const channel = await core.hub.channel(intent.channel)
  if (channel !== undefined) await channelEmptied(core, channel)
}

async function carryOutJoin(core: Core, record: UserRecord, intent: Intent): Promise<void> {
  const channel = await core.hub.channel(intent.channel)
  if (channel === undefined) {
    const held = record.subscriptions.find((item) => item.channel === intent.channel)
    if (held !== undefined) await forgetSubscription(core, record.name, held)
    await confirmIntents(core, record.name, [intent])
    return
  }
  const result = await core.stores.channels.commit(intent.channel, {
    expect: channel.expectation,
    changes: [enterChange(core, channel, { user: record.name, intent })],
    now: core.clock.now(),
  })
  if (result.outcome !== 'committed') {
    await channel.heal()
    return
  }
  core.hub.committed(result.committed)
  const confirmed = await core.hub.commitUser(record.name, {
    changes: [confirmation(intent, result.committed)],
    now: core.clock.now(),
  })
  if (confirmed.outcome === 'committed') core.hub.userCommitted(confirmed.record)
}
