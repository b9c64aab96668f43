import {
  type ChannelPatch,
  parseChannelOptions,
  patchOptions,
  roomOptions,
  splitHistory,
} from '../channel-options.ts'
import type { Core } from '../core.ts'
import { Refusal } from '../errors.ts'
import type { LocalChannel } from '../local-channel.ts'
import type { ChannelChange } from '../ports.ts'

const maxTries = 10

/** Changes options, state and shown history of a channel, all or nothing (REST and polling). Throws Refusal. */
export async function setChannelOptions(
  core: Core,
  command: { channel: string; options: Readonly<Record<string, unknown>> },
): Promise<void> {
  const patch = parseChannelOptions(command.options, core.settings)
  await core.pollers.check(command.channel, patch)
  await applyPatch(core, command.channel, patch)
}

/** Applies options that were read already. Throws Refusal. */
export async function applyPatch(core: Core, name: string, given: ChannelPatch): Promise<void> {
  for (let tries = 0; tries < maxTries; tries += 1) {
    const channel = await core.hub.channel(name)
    if (channel === undefined) throw new Refusal('channel_missing', `Channel ${name} doesn't exist`)
    const isRoom = channel.room !== undefined
    const patch = isRoom ? { ...given, options: roomOptions(given.options) } : given
    const options = patchOptions(channel.options, patch)
    const result = await core.stores.channels.commit(name, {
      expect: channel.expectation,
      changes: changesOf(core, channel, patch),
      now: core.clock.now(),
    })
    if (result.outcome === 'committed') {
      core.hub.committed(result.committed)
      core.channelConfigured(name, options, patch.polling === undefined ? 'same' : 'changed')
      return
    }
    await channel.heal()
  }
  throw new Refusal('channel_changed')
}

function changesOf(core: Core, channel: LocalChannel, patch: ChannelPatch): ChannelChange[] {
  const options = patchOptions(channel.options, patch)
  const { maxStateBytes, maxStateKeys } = core.settings
  const changes: ChannelChange[] = [{ change: 'options', options }]
  if (patch.state !== undefined) {
    changes.push({
      change: 'state',
      mode: 'replace',
      updates: patch.state,
      deletes: [],
      limits: { bytes: maxStateBytes, keys: maxStateKeys },
    })
  }
  if (patch.history !== undefined) {
    const { history, staticHistory } = splitHistory(core, options, patch.history)
    changes.push({ change: 'history', entries: history, staticHistory })
  }
  return changes
}
