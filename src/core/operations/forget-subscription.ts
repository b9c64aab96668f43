import type { Core } from '../core.ts'
import type { UserSubscription } from '../ports.ts'

/**
 * Takes a subscription out of a user's record whose channel knows nothing of it (it was destroyed, or made anew):
 * there is no leave to tell. Does nothing if the user has joined again meanwhile.
 */
export async function forgetSubscription(
  core: Core,
  user: string,
  { channel, generation }: Pick<UserSubscription, 'channel' | 'generation'>,
): Promise<void> {
  const result = await core.hub.commitUser(user, {
    changes: [{ change: 'unsubscribe', channel, generation }],
    now: core.clock.now(),
  })
  if (result.outcome !== 'committed') return
  core.hub.userCommitted(result.record)
  await confirmIntents(core, user, result.intents)
}

/** Marks intents as carried out. */
export async function confirmIntents(
  core: Core,
  user: string,
  intents: readonly { readonly channel: string; readonly generation: number }[],
): Promise<void> {
  if (intents.length === 0) return
  const result = await core.hub.commitUser(user, {
    changes: intents.map(({ channel, generation }) => ({ change: 'confirm', channel, generation })),
    now: core.clock.now(),
  })
  if (result.outcome === 'committed') core.hub.userCommitted(result.record)
}
