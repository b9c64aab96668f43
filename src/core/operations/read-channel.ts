import type { Connection } from '../connection.ts'
import type { Core } from '../core.ts'
import type { Entry } from '../entry.ts'
import { Refusal } from '../errors.ts'
import type { LocalChannel } from '../local-channel.ts'
import { readNewest, readOldest } from '../read-pages.ts'
import { newestWithin, oldestWithin } from '../within-bytes.ts'

/**
 * A page of the shown history, oldest first, for a connection that is in the channel. Attack: a page may hold a
 * thousand large entries; so it ends early where it would hold more than a snapshot may. Throws Refusal.
 */
export async function readHistory(
  core: Core,
  connection: Connection,
  query: { channel: string; before?: number; after?: number; limit: number },
): Promise<{ epoch: string; history: readonly Entry[] }> {
  const { head } = subscribedChannel(connection, query.channel)
  const { channel, before = Number.MAX_SAFE_INTEGER, after, limit } = query
  const wish = { limit, epoch: head.epoch, scope: 'shown' } as const
  const page =
    after === undefined
      ? await readNewest(core, channel, { ...wish, before })
      : await readOldest(core, channel, { ...wish, after })
  const maxBytes = core.settings.maxSnapshotBytes
  // It continues where the client has come to; one entry is always told, else there would be no going on.
  const fitting = after === undefined ? newestWithin(page, maxBytes) : oldestWithin(page, maxBytes)
  const nearest = after === undefined ? page.slice(-1) : page.slice(0, 1)
  return { epoch: head.epoch, history: fitting.length > 0 ? fitting : nearest }
}

/** Names in joining order; none where the channel is not presenceful. Throws Refusal `not_subscribed`. */
export function readPresence(connection: Connection, channel: string): string[] {
  return subscribedChannel(connection, channel).names
}

/** The refusal is the same whether or not the channel exists. */
function subscribedChannel(connection: Connection, name: string): LocalChannel {
  const attached = connection.channels.get(name)
  if (attached === undefined) throw new Refusal('not_subscribed')
  return attached.channel
}
