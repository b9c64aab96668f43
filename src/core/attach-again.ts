import { attach } from './attach.ts'
import type { Connection } from './connection.ts'
import type { Core } from './core.ts'
import { Refusal } from './errors.ts'
import type { LocalChannel } from './local-channel.ts'

const retryMs = 1000

/**
 * Gives a connection that is in the channel already a new snapshot. Tried until it succeeds, as the connection would
 * else go deaf; each failure is thrown once. A channel that ended meanwhile is told as left.
 */
export async function attachAgain(
  core: Core,
  channel: LocalChannel,
  connection: Connection,
): Promise<void> {
  try {
    const attached = await attach(core, channel, { connection })
    if (!attached && channel.gone && isIn(channel, connection)) {
      dismiss(channel, connection, core.clock.now())
    }
  } catch (error) {
    core.clock.after(retryMs, () => {
      if (!isIn(channel, connection) || channel.subscribers.has(connection)) return
      core.background('read again', attachAgain(core, channel, connection))
    })
    throw error
  }
}

/** Tells a connection that is no longer in the flow that it has left, if it was told that it is in. */
export function dismiss(channel: LocalChannel, connection: Connection, at: number): void {
  connection.channels.delete(channel.name)
  const user = connection.user?.name
  if (!connection.shown.delete(channel.name) || user === undefined) return
  channel.subscribers.sendTo(connection, { event: 'leave', channel: channel.name, user, at })
  if (connection.only === channel.name) connection.close(new Refusal('room_ended'))
}

function isIn(channel: LocalChannel, connection: Connection): boolean {
  return connection.channels.get(channel.name)?.channel === channel
}
