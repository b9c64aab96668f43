import type { Connection } from './connection.ts'
import type { Core } from './core.ts'
import type { Entry } from './entry.ts'
import type { LocalChannel } from './local-channel.ts'

/** One connection that is to be told what happens in a channel. */
interface Arrival {
  readonly connection: Connection
  /** JSON text that the subscribe hook gave. */
  readonly initialData?: string
  /** Offset of the user's own join where this arrival came with it: not part of its snapshot. */
  readonly ownJoin?: number
}

/**
 * Sends a connection the channel's snapshot and puts it into the flow, without gap or overlap: while the history
 * is read, what this node delivers is collected; then history, collected entries, state and presence are one cut
 * at the node's present head, written in the same step in which the connection joins the plain list.
 * False if the channel ended meanwhile.
 */
export async function attach(
  core: Core,
  channel: LocalChannel,
  arrival: Arrival,
): Promise<boolean> {
  const { connection } = arrival
  const { subscribers } = channel
  const joining = subscribers.startJoining(connection)
  try {
    for (;;) {
      joining.entries = []
      joining.again = false
      const before = channel.optionsVersion
      const read = await readHistory(core, channel, arrival)
      if (channel.gone || !subscribers.isJoining(connection, joining)) return false
      if (joining.again || channel.optionsVersion !== before) continue
      sendSnapshot(core, channel, { arrival, entries: [...read, ...joining.entries] })
      subscribers.admit(connection)
      for (const event of joining.passing) subscribers.sendTo(connection, event)
      return true
    }
  } catch (error) {
    subscribers.remove(connection)
    throw error
  }
}

/** The shown history up to the node's head. */
async function readHistory(
  core: Core,
  channel: LocalChannel,
  arrival: Arrival,
): Promise<readonly Entry[]> {
  const { channels } = core.stores
  const now = core.clock.now()
  const size = channel.options.history_size
  if (size > 0) {
    return channels.history(channel.name, {
      epoch: channel.head.epoch,
      before: channel.head.offset + 1,
      ...(arrival.ownJoin === undefined
        ? { limit: size }
        : { limit: size + 1, without: arrival.ownJoin }),
      scope: 'shown',
      now,
    })
  }
  if (!channel.mayShowGiven) return []
  const limit = core.settings.maxPrefilledHistory
  const snapshot = await channels.snapshot(channel.name, { limit, now })
  const given = snapshot?.history ?? []
  if (given.length === 0) channel.mayShowGiven = false
  return given
}

function sendSnapshot(
  core: Core,
  channel: LocalChannel,
  content: { arrival: Arrival; entries: readonly Entry[] },
): void {
  const { entries } = content
  const { connection, initialData, ownJoin } = content.arrival
  const { head, options, subscribers, state } = channel
  const shown = entries.filter((entry) => entry.offset === 0 || entry.offset !== ownJoin)
  const sized = options.history_size > 0 ? shown.slice(-options.history_size) : shown
  const user = connection.user?.name ?? ''
  const size = subscribers.sendTo(connection, {
    event: 'snapshot',
    channel: channel.name,
    user,
    head,
    options,
    history: newestWithin(sized, core.settings.maxSnapshotBytes),
    state: [...state],
    presence: channel.names,
    ...(initialData === undefined ? {} : { initialData }),
  })
  // The snapshot is not held against a slow reader: only what follows it is (spec/safety.md §4).
  connection.allowedBytes += size
}

/** The newest entries that fit; older ones are left out (`--max-snapshot-bytes`). */
function newestWithin(entries: readonly Entry[], maxBytes: number): readonly Entry[] {
  let bytes = 0
  for (let i = entries.length - 1; i >= 0; i -= 1) {
    bytes += entrySize(entries[i])
    if (bytes > maxBytes) return entries.slice(i + 1)
  }
  return entries
}

function entrySize(entry: Entry | undefined): number {
  return entry === undefined ? 0 : (entry.given?.length ?? entry.content.length) + 100
}
