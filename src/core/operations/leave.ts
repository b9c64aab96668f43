import type { Core } from '../core.ts'
import type { LocalChannel } from '../local-channel.ts'
import type { Intent } from '../ports.ts'
import { reconcile } from '../reconcile.ts'
import { channelEmptied } from './destroy-channel.ts'
import { confirmIntents } from './forget-subscription.ts'
import { comingEntry } from './join.ts'

/**
 * Takes a user out of a channel with all its connections, or all but those that are in this channel only (they stay
 * for as long as they last). No gate. True if the user was in and is no more.
 */
export async function leave(
  core: Core,
  user: string,
  { channel, whose, hook }: { channel: string; whose: 'all' | 'shared'; hook: HookUse },
): Promise<boolean> {
  const spares = whose === 'shared' ? { spares: true as const } : {}
  const result = await core.hub.commitUser(user, {
    changes: [{ change: 'unsubscribe', channel, ...spares }],
    now: core.clock.now(),
  })
  if (result.outcome === 'conflict') return false
  core.hub.userCommitted(result.record)
  const intent = result.intents.find((item) => item.channel === channel)
  const local = core.hub.users.get(user)
  if (local !== undefined) await reconcile(core, local, { channel })
  if (intent === undefined) return false
  await carryOutLeave(core, user, { intent, hook })
  return true
}

/** Whether the app is asked if an empty channel may go; talk has nothing to do with hooks, and its rooms end by themselves. */
type HookUse = 'ask' | 'skip'

/**
 * The channel's half of a leave whose intent stands in the user's record: tells the others, sees to the end of the
 * channel if that was its last subscriber, and confirms.
 */
export async function carryOutLeave(
  core: Core,
  user: string,
  { intent, hook }: { intent: Intent; hook: HookUse },
): Promise<'left' | 'emptied'> {
  const last = await leaveChannel(core, user, intent)
  try {
    await confirmIntents(core, user, [intent])
  } finally {
    // Nobody else knows that this was the last to leave, also where the confirmation's answer is lost.
    if (last !== undefined && hook === 'ask') await channelEmptied(core, last)
    else if (last !== undefined) await core.rooms?.emptied(last)
  }
  return last === undefined ? 'left' : 'emptied'
}

/** The channel, if it was left by its last subscriber. */
async function leaveChannel(
  core: Core,
  user: string,
  intent: Intent,
): Promise<LocalChannel | undefined> {
  for (;;) {
    const channel = await core.hub.channel(intent.channel)
    if (channel === undefined) return undefined
    const result = await core.stores.channels.commit(intent.channel, {
      expect: channel.expectation,
      changes: [
        {
          change: 'leave',
          user,
          generation: intent.generation,
          at: intent.at,
          ...comingEntry(core, channel, { kind: 'leave', user, at: intent.at }),
        },
        ...(core.rooms?.withLeave(channel, user, intent) ?? []),
      ],
      now: core.clock.now(),
    })
    if (result.outcome === 'committed') {
      core.hub.committed(result.committed)
      if (intent.departure !== undefined) core.rooms?.written()
      return result.last ? channel : undefined
    }
    // The channel's options changed or it was made anew: whether a leave is an entry may differ now.
    await channel.heal()
  }
}
