import type { Core } from '../core.ts'
import { Refusal } from '../errors.ts'
import { refusalOf } from '../gate-keeper.ts'
import { whileLeased } from '../leases.ts'
import type { LocalChannel } from '../local-channel.ts'
import { channelQuestion } from './channel-question.ts'
import { forgetSubscription } from './forget-subscription.ts'

const firstRetryMs = 1000
const maxRetryMs = 300_000

/**
 * The last subscriber has left: after the linger the app is asked whether the channel may go (spec/hookbox.md §3,
 * Unsubscribe). Resolves after the first answer; a hook that fails is asked again with backoff while the channel
 * stays empty, and so it goes on where the store fails.
 */
export async function channelEmptied(core: Core, channel: LocalChannel): Promise<void> {
  const { channelLingerMs } = core.settings
  const empty = { name: channel.name, epoch: channel.head.epoch }
  if (channelLingerMs > 0) later(core, empty, { waitMs: channelLingerMs, retryMs: firstRetryMs })
  else await askToDestroy(core, empty, firstRetryMs)
}

interface EmptyChannel {
  readonly name: string
  readonly epoch: string
}

function later(core: Core, empty: EmptyChannel, times: { waitMs: number; retryMs: number }): void {
  core.clock.after(times.waitMs, () => {
    if (core.stopping()) return
    core.background('destroy channel', askToDestroy(core, empty, times.retryMs))
  })
}

async function askToDestroy(core: Core, empty: EmptyChannel, retryMs: number): Promise<void> {
  const { name } = empty
  try {
    for (;;) {
      const outcome = await core.gates.once(`destroy:${name}`, () =>
        whileLeased(core, `destroy:${name}`, () => destroyIfEmpty(core, empty)),
      )
      // The one that was under way may have found somebody in who has left since.
      if (outcome === 'settled' || !(await isStillEmpty(core, empty))) return
    }
  } catch (error) {
    // The hook's failures are reported where it is asked.
    if (!(error instanceof Refusal)) {
      core.telemetry.failure('destroy channel', error, { channel: name })
    } else if (!error.retry) throw error
    later(core, empty, { waitMs: retryMs, retryMs: Math.min(2 * retryMs, maxRetryMs) })
  }
}

async function destroyIfEmpty(core: Core, empty: EmptyChannel): Promise<'settled' | 'occupied'> {
  if (!(await isStillEmpty(core, empty))) return 'occupied'
  const verdict = await core.gates.ask(channelQuestion('destroy_channel', empty.name))
  if (!verdict.allowed) return 'settled'
  const result = await core.stores.channels.commit(empty.name, {
    expect: { epoch: empty.epoch, empty: true },
    changes: [{ change: 'destroy' }],
    now: core.clock.now(),
  })
  if (result.outcome !== 'committed') return 'occupied'
  core.hub.committed(result.committed)
  return 'settled'
}

async function isStillEmpty(core: Core, empty: EmptyChannel): Promise<boolean> {
  const snapshot = await core.stores.channels.snapshot(empty.name, {
    limit: 0,
    now: core.clock.now(),
  })
  if (snapshot?.head.epoch !== empty.epoch || snapshot.presence.length > 0) return false
  // A room lives on when its last connection leaves (spec/hipochat.md).
  return snapshot.room === undefined || snapshot.room.members === 0
}

/**
 * Destroys a channel with everything in it (REST): its subscribers are told each for itself. `ask` puts it to the
 * app first, with the unsubscribe hook for each subscriber. Throws Refusal `channel_missing`.
 */
export async function destroyChannel(
  core: Core,
  command: { channel: string; hook: 'ask' | 'skip' },
): Promise<void> {
  const name = command.channel
  const channel = await core.hub.channel(name)
  if (channel === undefined) {
    throw new Refusal('channel_missing', `Channel ${name} doesn't exist`)
  }
  if (command.hook === 'ask') await askAll(core, channel)
  const subscribers = [...channel.presence]
  const result = await core.stores.channels.commit(name, {
    expect: { epoch: channel.head.epoch },
    changes: [{ change: 'destroy' }],
    now: core.clock.now(),
  })
  if (result.outcome !== 'committed') {
    throw new Refusal('channel_missing', `Channel ${name} doesn't exist`)
  }
  core.hub.committed(result.committed)
  await Promise.all(
    subscribers.map(([user, generation]) =>
      forgetSubscription(core, user, { channel: name, generation }),
    ),
  )
}

async function askAll(core: Core, channel: LocalChannel): Promise<void> {
  const { name } = channel
  const verdict = await core.gates.ask(channelQuestion('destroy_channel', name))
  if (!verdict.allowed) throw refusalOf(verdict)
  await Promise.all(
    [...channel.presence.keys()].map(async (user) => {
      await core.gates.pass(channelQuestion('unsubscribe', name, { user }))
    }),
  )
}
