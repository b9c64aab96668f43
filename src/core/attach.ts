import type { Connection } from './connection.ts'
import type { Core } from './core.ts'
import type { Entry, Position } from './entry.ts'
import { Refusal } from './errors.ts'
import type { LocalChannel } from './local-channel.ts'
import { readNewest } from './read-pages.ts'
import { newestWithin } from './within-bytes.ts'

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
  const since = connection.since?.get(channel.name)
  try {
    await reach(channel, since)
    for (;;) {
      joining.entries = []
      joining.again = false
      const before = channel.optionsVersion
      // What comes after this head is collected: the reads below end at it, however long the first of them takes.
      const { head } = channel
      const { recovered, read } = await readEntries(core, channel, { arrival, since, head })
      if (channel.gone || connection.isOver) return leaveJoining(channel, connection)
      if (!subscribers.isJoining(connection, joining)) return false
      if (joining.again || channel.optionsVersion !== before) continue
      connection.since?.delete(channel.name)
      const entries = [...read, ...joining.entries]
      sendSnapshot(core, channel, { arrival, entries, recovered })
      subscribers.admit(connection)
      for (const entry of joining.passing) {
        subscribers.sendTo(connection, channel.publishEvent(entry))
      }
      return true
    }
  } catch (error) {
    subscribers.remove(connection)
    throw error
  }
}

/** The client may have been told more by a node that is ahead of this one. */
async function reach(channel: LocalChannel, since: Position | undefined): Promise<void> {
  const { epoch, offset } = channel.head
  if (since?.epoch === epoch && since.offset > offset) await channel.heal()
}

function leaveJoining(channel: LocalChannel, connection: Connection): false {
  channel.subscribers.remove(connection)
  return false
}

/** What was missed since the client's position where all of it is kept, else the shown history. */
async function readEntries(
  core: Core,
  channel: LocalChannel,
  wish: { arrival: Arrival; since: Position | undefined; head: Position },
): Promise<{ recovered: boolean; read: readonly Entry[] }> {
  const { since, head } = wish
  const missed = since === undefined ? undefined : await readMissed(core, channel, { since, head })
  if (missed !== undefined) return { recovered: true, read: missed }
  const { connection } = wish.arrival
  if (connection.session.encoder.snapshots === 'entries') {
    // Such a client cannot be told that something is missing: it begins anew (G2).
    connection.close(new Refusal('expired'))
    return { recovered: false, read: [] }
  }
  return { recovered: false, read: await readHistory(core, channel, wish) }
}

/** More than this is read as history rather than as what was missed: a client so far behind starts anew. */
const maxMissed = 10_000

/**
 * Every entry after the client's position up to the node's head (G3), or undefined where not all of them are kept
 * any more, or the position is of another epoch or from the future.
 */
async function readMissed(
  core: Core,
  channel: LocalChannel,
  { since, head }: { since: Position; head: Position },
): Promise<readonly Entry[] | undefined> {
  const { epoch, offset } = head
  const count = offset - since.offset
  if (channel.options.history_size === 0 || since.epoch !== epoch) return undefined
  if (count < 0 || count > maxMissed) return undefined
  if (count === 0) return []
  const missed = await readNewest(core, channel.name, {
    epoch,
    before: offset + 1,
    after: since.offset,
    limit: count,
    scope: 'recovery',
  })
  const complete = missed.length === count && missed[0]?.offset === since.offset + 1
  const fits = newestWithin(missed, core.settings.maxSnapshotBytes).length === missed.length
  return complete && fits ? missed : undefined
}

/** The shown history up to the node's head. */
async function readHistory(
  core: Core,
  channel: LocalChannel,
  { arrival, head }: { arrival: Arrival; head: Position },
): Promise<readonly Entry[]> {
  const { history_size: size } = channel.options
  if (size > 0) {
    const { ownJoin: without } = arrival
    const { epoch, offset } = head
    return readNewest(core, channel.name, {
      epoch,
      before: offset + 1,
      scope: 'shown',
      ...(without === undefined ? { limit: size } : { limit: size + 1, without }),
    })
  }
  if (!channel.mayShowGiven) return []
  const limit = core.settings.maxPrefilledHistory
  const now = core.clock.now()
  const snapshot = await core.stores.channels.snapshot(channel.name, { limit, now })
  const given = snapshot?.history ?? []
  if (given.length === 0) channel.mayShowGiven = false
  return given
}

function sendSnapshot(
  core: Core,
  channel: LocalChannel,
  content: { arrival: Arrival; entries: readonly Entry[]; recovered: boolean },
): void {
  const { arrival, entries, recovered } = content
  const { connection, initialData } = arrival
  const { head, options, subscribers, state } = channel
  const user = connection.user?.name ?? ''
  connection.shown.add(channel.name)
  if (connection.session.encoder.snapshots === 'entries') {
    sendEntries(channel, connection, entries)
    return
  }
  const size = subscribers.sendTo(connection, {
    event: 'snapshot',
    channel: channel.name,
    user,
    head,
    options,
    history: recovered ? entries : shownEntries(core, channel, content),
    recovered,
    state: [...state],
    presence: channel.names,
    ...(initialData === undefined ? {} : { initialData }),
  })
  // The snapshot is not held against a slow reader: only what follows it is (spec/safety.md §4).
  connection.snapshotBytes += size
}

/** To a dialect without snapshots: what was published since its position. */
function sendEntries(
  channel: LocalChannel,
  connection: Connection,
  entries: readonly Entry[],
): void {
  for (const entry of entries) {
    if (entry.kind !== 'publish' || entry.given !== undefined) continue
    connection.snapshotBytes += channel.subscribers.sendTo(connection, channel.publishEvent(entry))
  }
}

/** What the channel's options show of the entries, without the join that the snapshot belongs to. */
function shownEntries(
  core: Core,
  channel: LocalChannel,
  content: { arrival: Arrival; entries: readonly Entry[] },
): readonly Entry[] {
  const { ownJoin } = content.arrival
  const size = channel.options.history_size
  const shown = content.entries.filter((entry) => entry.offset === 0 || entry.offset !== ownJoin)
  const sized = newestWithin(size > 0 ? shown.slice(-size) : shown, core.settings.maxSnapshotBytes)
  if (sized.length < Math.min(size, shown.length)) core.telemetry.limit('max-snapshot-bytes')
  return sized
}
