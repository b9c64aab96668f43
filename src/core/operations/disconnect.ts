import type { Connection } from '../connection.ts'
import type { Core } from '../core.ts'
import { Refusal } from '../errors.ts'
import { userChannelLane } from '../lanes.ts'
import { allNames } from '../paging.ts'
import type { Departure, Intent, Notice, UserConnection, UserRecord } from '../ports.ts'
import { reconcileAll } from '../reconcile.ts'
import { disconnectOn } from '../remote.ts'
import { userCameOrWent } from '../server-presence.ts'
import { askToLeave } from './gated-leave.ts'
import { carryOutLeave } from './leave.ts'
import { isIn } from './places.ts'

/** How long the outbox leaves a disconnect notice to the node that wrote it. */
const noticeGraceMs = 60_000

/**
 * A connected link has ended: takes the connection out of its user. With the last one the user leaves every channel
 * (hooks are asked, but cannot hold it back), then the app is told (spec/hookbox.md §3, Subscriptions).
 */
export async function endConnection(core: Core, connection: Connection): Promise<void> {
  const { user } = connection
  if (user === undefined) return
  detachEnded(connection)
  core.hub.discharge(user)
  const { id, only } = connection
  await removeForSure(core, { user: user.name, connection: id, only, link: connection })
}

const firstRetryMs = 1000
const maxRetryMs = 30_000

/** Takes a connection out, again and again where the store fails: else its user would stay present for ever (G8). */
export async function removeForSure(core: Core, removal: Removal): Promise<void> {
  for (let waitMs = firstRetryMs; ; waitMs = Math.min(2 * waitMs, maxRetryMs)) {
    try {
      await removeConnection(core, removal)
      return
    } catch (error) {
      core.telemetry.failure('disconnect', error, { user: removal.user })
    }
    await pause(core, waitMs)
    // What is left then is a dead node's, for the next start to expire.
    if (core.stopping()) return
  }
}

function pause(core: Core, ms: number): Promise<void> {
  return new Promise((resolve) => {
    core.clock.after(ms, resolve)
  })
}

/** Takes out connections that the store holds for this node and that it does not have. */
export async function removeGhosts(core: Core): Promise<void> {
  const { users } = core.stores
  for await (const user of allNames((page) => users.list({ ...page, node: core.nodeId }))) {
    const record = await users.snapshot(user)
    const held = record?.connections.filter(({ node }) => node === core.nodeId) ?? []
    for (const { id, only } of held) {
      if (!core.hub.places.has(id)) await removeConnection(core, { user, connection: id, only })
    }
  }
}

/** An ended link is told nothing more; its user's record still holds the connection. */
export function detachEnded(connection: Connection): void {
  connection.user?.connections.delete(connection.id)
  for (const { channel } of connection.channels.values()) channel.subscribers.remove(connection)
  connection.channels.clear()
}

/** A connection to take out of its user's record; `link` where this node still has its cookies. */
interface Removal {
  readonly user: string
  readonly connection: string
  /** The one channel that the connection is in, where it is in one only. */
  readonly only: string | undefined
  readonly link?: Connection
}

/** Takes a connection out of the store, of this node or of a dead one. */
export async function removeConnection(core: Core, removal: Removal): Promise<void> {
  const record = await core.hub.record(removal.user)
  const departures = removal.link?.departures ?? []
  const result = await core.hub.commitUser(removal.user, {
    changes: [
      {
        change: 'disconnect',
        connection: removal.connection,
        everywhere: record?.options.global_unsubscriptions === true,
        notice: disconnectNotice(core, removal),
        departures,
      },
    ],
    now: core.clock.now(),
  })
  core.hub.places.delete(removal.connection)
  if (result.outcome === 'conflict') return
  core.hub.userCommitted(result.record)
  const local = core.hub.users.get(removal.user)
  if (local !== undefined) await reconcileAll(core, local)
  const leaving = result.intents.map((intent) => leaveAfterEnd(core, removal, intent))
  const asking = leftToTalk(record, result.record, removal).map((channel) =>
    core.userLanes.run(userChannelLane(removal.user, channel), () =>
      askAfterEnd(core, removal, channel),
    ),
  )
  const staying = stayInRooms(core, result.record, departures)
  await Promise.all([...leaving, ...asking, staying])
  if (result.last) core.background('server presence', userCameOrWent(core, removal.user))
  const { link } = removal
  for (const notice of result.notices) {
    await core.notify(notice, link === undefined ? {} : credentialsOf(link))
  }
}

type Departures = readonly (readonly [channel: string, departure: Departure])[]

/** Rooms in which the user still is by another connection hear how far this one had read. */
async function stayInRooms(core: Core, record: UserRecord, departures: Departures): Promise<void> {
  const stays = departures.filter(([channel]) => isIn(record, channel, 'all'))
  await Promise.all(
    stays.map(([channel, departure]) => core.rooms?.departed(record, { channel, departure })),
  ).catch((error: unknown) => core.telemetry.failure('read marker', error, { user: record.name }))
}

/** Channels that the user has left as far as hooks go: of its connections there only talk's stay. */
function leftToTalk(
  before: UserRecord | undefined,
  after: UserRecord,
  { only }: Removal,
): readonly string[] {
  if (before === undefined || only !== undefined) return []
  const stays = after.subscriptions.map(({ channel }) => channel)
  return stays.filter(
    (channel) => isIn(before, channel, 'shared') && !isIn(after, channel, 'shared'),
  )
}

/** A connection that is in one channel only has nothing to do with hooks. */
async function leaveAfterEnd(core: Core, removal: Removal, intent: Intent): Promise<void> {
  const { user, only } = removal
  const hook = only === undefined ? 'ask' : 'skip'
  const { channel } = intent
  await core.userLanes.run(userChannelLane(user, channel), async () => {
    if (hook === 'ask') await askAfterEnd(core, removal, channel)
    await carryOutLeave(core, user, { intent, hook })
  })
}

/** The unsubscribe hook, whose answer cannot hold the user back. */
async function askAfterEnd(core: Core, { user, link }: Removal, channel: string): Promise<void> {
  try {
    const connection = link === undefined ? {} : { connection: link }
    await askToLeave(core, { user, channel, ...connection }, async () => {})
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
  }
}

function credentialsOf(link: Connection): { cookies: string; token?: string; address: string } {
  const token = link.token === undefined ? {} : { token: link.token }
  return { cookies: link.cookies, address: link.origin.address, ...token }
}

function disconnectNotice(core: Core, removal: Removal): Notice {
  return {
    id: `msg_${core.random.hex(16)}`,
    kind: 'disconnect',
    due: core.clock.now() + noticeGraceMs,
    body: JSON.stringify(noticeFields(removal)),
    tries: 0,
  }
}

/** The store adds `channels`, which only its commit knows. */
function noticeFields(removal: Removal): Record<string, unknown> {
  return { name: removal.user, conn_id: removal.connection }
}

/** Closes one connection for the app (REST). Throws Refusal `connection_missing`. */
export async function disconnectConnection(core: Core, id: string): Promise<void> {
  const page = await core.stores.users.list({ connection: id, limit: 1 })
  const record = await core.stores.users.snapshot(page.names[0] ?? '')
  const held = record?.connections.find((connection) => connection.id === id)
  const here = core.hub.connections.get(id)
  if (held !== undefined && record !== undefined) await sendAway(core, record.name, held)
  else if (here !== undefined) here.close(new Refusal('kicked'))
  else throw new Refusal('connection_missing', `Connection ${id} doesn't exist`)
}

/** Closes all connections of a user for the app (REST). Throws Refusal `user_missing`. */
export async function disconnectUser(core: Core, name: string): Promise<void> {
  // The store's word, not this node's: a hint may have been lost, and a ban must reach every tab.
  const record = await core.stores.users.snapshot(name)
  if (record === undefined || record.connections.length === 0) {
    throw new Refusal('user_missing', `User ${name} doesn't exist`)
  }
  await Promise.all(record.connections.map((connection) => sendAway(core, name, connection)))
}

/** Ends a connection's link where there is one, else (a dead node's, a kept place) its place in the record. */
async function sendAway(core: Core, user: string, connection: UserConnection): Promise<void> {
  const ended = await disconnectOn(core, connection.node, connection.id)
  if (ended !== 'none') return
  await removeConnection(core, { user, connection: connection.id, only: connection.only })
}
