import type { Core } from '../core.ts'
import { Refusal } from '../errors.ts'
import { parseUserOptions } from '../user-options.ts'
import { subscribe } from './subscribe.ts'

/** Changes options of a connected user (REST); `auto_subscribe` is carried out at once. Throws Refusal. */
export async function setUserOptions(
  core: Core,
  command: { user: string; options: Readonly<Record<string, unknown>> },
): Promise<void> {
  const { user } = command
  const record = await core.stores.users.snapshot(user)
  if (record === undefined || record.connections.length === 0) {
    throw new Refusal('user_missing', `User ${user} doesn't exist`)
  }
  const options = parseUserOptions(command.options, 'refuse unknown', record.options)
  const result = await core.hub.commitUser(user, {
    changes: [{ change: 'options', options }],
    now: core.clock.now(),
  })
  if (result.outcome === 'committed') core.hub.userCommitted(result.record)
  if (!Object.hasOwn(command.options, 'auto_subscribe')) return
  for (const channel of options.auto_subscribe) {
    await subscribe(core, { channel, user, hook: 'skip' })
  }
}
