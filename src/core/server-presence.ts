import type { Core } from './core.ts'
import type { ChannelOptions } from './options.ts'
import { allNames } from './paging.ts'
import type { StatePairs } from './ports.ts'

/**
 * A user's first connection came or its last one went: channels that watch the user for `server_presenceful` show
 * it in their state (spec/hookbox.md §3, Server presence).
 */
export async function userCameOrWent(core: Core, user: string): Promise<void> {
  const { channels } = core.stores
  for await (const channel of allNames((page) => channels.list({ ...page, watches: user }))) {
    await showPresence(core, channel, [user])
  }
}

/** Brings the state of a channel that watches users up to date. */
export async function showWatched(
  core: Core,
  channel: string,
  options: ChannelOptions,
): Promise<void> {
  if (!options.server_presenceful || options.server_user_presence.length === 0) return
  await showPresence(core, channel, options.server_user_presence)
}

/** Puts right what a crash or an outage between a user's coming and its showing has left wrong, in channels held here. */
export async function healWatched(core: Core): Promise<void> {
  for (const channel of [...core.hub.channels.values()]) {
    const { server_presenceful: isWatching, server_user_presence: users } = channel.options
    if (!isWatching) continue
    const present = await readPresence(core, users)
    const wrong = present.filter(([user, json]) => channel.state.get(user) !== json)
    if (wrong.length > 0) {
      await showPresence(
        core,
        channel.name,
        wrong.map(([user]) => user),
      )
    }
  }
}

/** Writes until what was read before the commit still holds after it: users come and go meanwhile. */
async function showPresence(core: Core, channel: string, users: readonly string[]): Promise<void> {
  let shown = await readPresence(core, users)
  for (;;) {
    await commitPresence(core, channel, shown)
    const now = await readPresence(core, users)
    if (now.every(([, json], index) => json === shown[index]?.[1])) return
    shown = now
  }
}

async function readPresence(core: Core, users: readonly string[]): Promise<StatePairs> {
  return Promise.all(
    users.map(async (user) => {
      const record = await core.stores.users.snapshot(user)
      const present = record !== undefined && record.connections.length > 0
      return [user, present ? 'true' : 'false'] as const
    }),
  )
}

async function commitPresence(core: Core, channel: string, shown: StatePairs): Promise<void> {
  const { maxStateBytes, maxStateKeys } = core.settings
  const result = await core.stores.channels.commit(channel, {
    expect: {},
    changes: [
      {
        change: 'state',
        mode: 'patch',
        updates: shown,
        deletes: [],
        limits: { bytes: maxStateBytes, keys: maxStateKeys },
      },
    ],
    now: core.clock.now(),
  })
  if (result.outcome === 'committed') core.hub.committed(result.committed)
}
