import type { Core } from '../core.ts'
import { asks } from '../options.ts'
import type { Published } from '../published.ts'
import { draftEntry } from './entry-changes.ts'
import { pass } from './pass.ts'
import type { Publish, Publisher } from './publisher.ts'

/**
 * Publishes where there is nothing to wait for: no channel to be made or read, no hook, no history, no id that could
 * be a repeat's. The same as `publish`, without its promises, which cost more than all the rest of it. Undefined where
 * it is not so; nothing has been done then.
 */
export function publishAtOnce(
  core: Core,
  publisher: Extract<Publisher, { kind: 'connection' }>,
  command: Publish,
): Published | undefined {
  const channel = core.hub.channels.get(command.channel)
  if (channel === undefined || channel.gone || command.id !== undefined) return undefined
  if (channel.options.history_size > 0 || asks(channel.options, 'publish')) return undefined
  const draft = draftEntry(core, { channel, publisher, command }, command.payload)
  channel.usedAt = draft.at
  pass(core, channel, draft)
  return { at: draft.at }
}
