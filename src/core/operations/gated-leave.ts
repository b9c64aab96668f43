import type { Connection } from '../connection.ts'
import type { Core } from '../core.ts'
import { refusalOf } from '../gate-keeper.ts'
import { asks } from '../options.ts'
import { channelQuestion } from './channel-question.ts'
import type { OnVerdict } from './gated-join.ts'
import { leave } from './leave.ts'

/** A wish to be out of a channel. */
export interface Unsubscribe {
  readonly channel: string
  readonly user: string
  readonly hook: 'ask' | 'skip'
  readonly connection?: Connection
}

/**
 * Asks the unsubscribe hook where the channel wants it, and leaves. Nothing happens where the user is not in. Waits
 * for no lane. `onVerdict` gets the hook's answer before it counts. Throws Refusal.
 */
export async function leaveThroughGate(
  core: Core,
  command: Unsubscribe,
  onVerdict: OnVerdict,
): Promise<void> {
  const { user, channel, connection } = command
  const record = await core.stores.users.snapshot(user)
  if (!record?.subscriptions.some((item) => item.channel === channel)) return
  if (command.hook === 'ask') await askToLeave(core, command, onVerdict)
  // A page leaves with its tabs; the app sends the user away with everything it has.
  const whose = connection === undefined ? 'all' : 'shared'
  await leave(core, user, { channel, whose, hook: 'ask' })
}

/** Asks the unsubscribe hook where the channel wants it. Throws the app's refusal. */
export async function askToLeave(
  core: Core,
  command: Omit<Unsubscribe, 'hook'>,
  onVerdict: OnVerdict,
): Promise<void> {
  const channel = await core.hub.channel(command.channel)
  if (channel === undefined || !asks(channel.options, 'unsubscribe')) return
  const verdict = await core.gates.ask(channelQuestion('unsubscribe', channel.name, command))
  await onVerdict(verdict)
  if (!verdict.allowed) throw refusalOf(verdict)
}
