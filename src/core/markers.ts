import type { Connection } from './connection.ts'
import type { Core } from './core.ts'
import type { Head } from './entry.ts'
import type { Event } from './event.ts'
import type { LocalChannel } from './local-channel.ts'
import type { LocalUser } from './local-user.ts'
import type { ChannelCommitted, Marker } from './ports.ts'

type ReadEvent = Extract<Event, { event: 'read' }>

/**
 * A read marker has moved: the user's connections that are in the room are told, on every node that holds it. So all
 * tabs show the same count.
 */
export function tellReaders(
  core: Core,
  channel: LocalChannel,
  markers: ChannelCommitted['markers'],
): void {
  for (const { user, marker } of markers ?? []) {
    const here = core.hub.users.get(user)
    if (here === undefined) continue
    const isIn = (connection: Connection) =>
      connection.channels.get(channel.name)?.channel === channel
    const shown = channel.options.history_size
    core.delivery.tell(
      pick(here, isIn),
      readEvent(channel.name, { head: channel.head, marker, shown }),
    )
  }
}

/** After a gap, in which markers may have moved unheard of: where those of this node's users stand. */
export async function tellReadersAgain(core: Core, channel: LocalChannel): Promise<void> {
  const users = channel.users().map(({ name }) => name)
  if (channel.room === undefined || users.length === 0) return
  const limit = users.length
  const { version } = channel.head
  const { members } = await core.stores.channels.members(channel.name, { users, limit })
  if (channel.gone) return
  // A marker that has moved on meanwhile has been told: what was read may be older.
  if (channel.head.version === version) tellReaders(core, channel, members)
  else await tellReadersAgain(core, channel)
}

/**
 * The same for connections that are not in the room, as a hint: what this node has committed is told to those here and,
 * where the user has connections elsewhere, to the other nodes.
 */
export function tellOtherReaders(core: Core, committed: ChannelCommitted): void {
  const { channel, head } = committed
  const shown = core.hub.channels.get(channel)?.options.history_size ?? Number.POSITIVE_INFINITY
  for (const { user, marker } of committed.markers ?? []) {
    const event = readEvent(channel, { head, marker, shown })
    const here = core.hub.users.get(user)
    if (here !== undefined) tellOutside(core, here, event)
    if (!mayBeElsewhere(core, here)) continue
    const { offset, unread } = event
    core.bus.publish(`user:${user}`, {
      v: 1,
      type: 'read',
      node: core.nodeId,
      user,
      channel,
      offset,
      unread,
    })
  }
}

/** Tells connections of this node that are not in the room. */
export function tellOutside(core: Core, user: LocalUser, event: ReadEvent): void {
  const isOutside = (connection: Connection) => !connection.channels.has(event.channel)
  core.delivery.tell(pick(user, isOutside), event)
}

function mayBeElsewhere(core: Core, here: LocalUser | undefined): boolean {
  const connections = here?.record?.connections
  return connections === undefined || connections.some(({ node }) => node !== core.nodeId)
}

function pick(user: LocalUser, isMeant: (connection: Connection) => boolean): Connection[] {
  return [...user.connections.values()].filter(isMeant)
}

/** Only what history_size shows can be read, so no more can be unread. */
function readEvent(channel: string, at: { head: Head; marker: Marker; shown: number }): ReadEvent {
  const unread = Math.min(at.head.count - at.marker.count, at.shown)
  return { event: 'read', channel, offset: at.marker.offset, unread: Math.max(0, unread) }
}
