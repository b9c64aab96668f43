import type { Core } from '../core.ts'
import { Refusal } from '../errors.ts'

/**
 * Sets or deletes one key of a channel's state (REST). `json` undefined deletes; an absent key is no error.
 * Throws Refusal.
 */
export async function patchState(
  core: Core,
  command: { channel: string; key: string; json: string | undefined },
): Promise<void> {
  const { channel, key, json } = command
  if (key === '__proto__') throw new Refusal('invalid_field', 'Invalid key')
  const { maxStateBytes, maxStateKeys } = core.settings
  const result = await core.stores.channels.commit(channel, {
    expect: {},
    changes: [
      {
        change: 'state',
        mode: 'patch',
        updates: json === undefined ? [] : [[key, json]],
        deletes: json === undefined ? [key] : [],
        limits: { bytes: maxStateBytes, keys: maxStateKeys },
      },
    ],
    now: core.clock.now(),
  })
  if (result.outcome !== 'committed') {
    throw new Refusal('channel_missing', `Channel ${channel} doesn't exist`)
  }
  core.hub.committed(result.committed)
}
