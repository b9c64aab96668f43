import type { Connection } from '../connection.ts'
import type { Core } from '../core.ts'
import { Refusal } from '../errors.ts'
import type { LocalUser } from '../local-user.ts'
import type { UserOptions } from '../options.ts'
import type { UserChange, UserCommitResult } from '../ports.ts'
import { userCameOrWent } from '../server-presence.ts'
import { removeForSure } from './disconnect.ts'

/** Whose connection it is: one that takes part in the user's subscriptions, or one that is in one channel `only`. */
type Identity =
  | { readonly name: string; readonly options: UserOptions }
  | { readonly name: string; readonly only: string }

type Committed = Extract<UserCommitResult, { outcome: 'committed' }>

/**
 * Makes a connection one of a user's: in the store first, then here. One that is in one channel only is subscribed to
 * it in the same commit; the join is the caller's to carry out. Throws Refusal.
 */
export async function becomeUser(
  core: Core,
  connection: Connection,
  identity: Identity,
): Promise<{ user: LocalUser; committed: Committed }> {
  let committed: Committed | undefined
  const user = await core.hub.enlist(identity.name, async (local) => {
    committed = await commitConnect(core, connection, identity)
    if ('only' in identity) connection.only = identity.only
    // The link may have ended while the store wrote: its end waits for this, and takes the connection out again.
    connection.user = local
    local.connections.set(connection.id, connection)
    core.hub.userCommitted(committed.record)
    if (connection.stage === 'connecting') connection.stage = 'connected'
    if (committed.first) core.background('server presence', userCameOrWent(core, local.name))
  })
  if (committed === undefined) throw new Refusal('internal')
  return { user, committed }
}

async function commitConnect(
  core: Core,
  connection: Connection,
  identity: Identity,
): Promise<Committed> {
  const { name } = identity
  const { id } = connection
  core.hub.places.add(id)
  try {
    const result = await core.hub.commitUser(name, {
      changes: changesOf(core, connection, identity),
      now: core.clock.now(),
    })
    if (result.outcome === 'conflict') throw new Refusal('channel_changed')
    return result
  } catch (error) {
    // The outcome is unknown: it may be in the record, where nothing else would ever take it out.
    const only = 'only' in identity ? identity.only : undefined
    core.background('disconnect', removeForSure(core, { user: name, connection: id, only }))
    throw error
  }
}

function changesOf(core: Core, connection: Connection, identity: Identity): UserChange[] {
  const { id, protocol, origin } = connection
  const place = { id, node: core.nodeId, protocol: protocol.name, address: origin.address }
  if ('only' in identity) {
    const { only } = identity
    const max = core.settings.maxSubscriptions
    return [
      { change: 'connect', connection: { ...place, only }, inherit: false },
      { change: 'subscribe', channel: only, connection: id, max },
    ]
  }
  const { options } = identity
  const inherit = !options.per_connection_subscriptions
  return [{ change: 'connect', connection: place, inherit, options }]
}
