import type { Core } from './core.ts'
import { Refusal } from './errors.ts'
import type { Event } from './event.ts'
import { nodeLease } from './leases.ts'
import type { NodeRequest, UserRecord } from './ports.ts'

/** Acts on connections that another node holds. Each is done once, however often it is asked. */
type RemoteAct =
  | { readonly act: 'tell'; readonly user: string; readonly event: Event }
  | { readonly act: 'disconnect'; readonly connection: string }

const deadlineMs = 2000
const maxTries = 4
const maxRemembered = 10_000

/** Tells every connection of a user, on this node and the others that hold some. Throws Refusal. */
export async function tellUser(core: Core, record: UserRecord, event: Event): Promise<void> {
  tellHere(core, record.name, event)
  const others = new Set(record.connections.map((connection) => connection.node))
  others.delete(core.nodeId)
  await Promise.all(
    [...others].map(async (node) => {
      // The connections of a dead node hear nothing more; they are taken out when it expires.
      if (await isDead(core, node)) return
      await request(core, node, { act: 'tell', user: record.name, event })
    }),
  )
}

async function isDead(core: Core, node: string): Promise<boolean> {
  return (await core.stores.leases.holder(nodeLease(node))) === undefined
}

/** Ends a connection's link wherever it is; `none`: there is no such link, or its node is dead. Throws Refusal. */
export async function disconnectOn(
  core: Core,
  node: string,
  connection: string,
): Promise<'ended' | 'none'> {
  if (node === core.nodeId) return disconnectHere(core, connection)
  if (await isDead(core, node)) return 'none'
  const answer = await request(core, node, { act: 'disconnect', connection })
  return answer === '"none"' ? 'none' : 'ended'
}

/** Answers the requests of other nodes. */
export function serveRequests(core: Core): void {
  const served = new Map<string, string>()
  core.bus.onRequest(async (received) => {
    const known = served.get(received.id)
    if (known !== undefined) return known
    const answer = JSON.stringify(serve(core, JSON.parse(received.body) as RemoteAct))
    served.set(received.id, answer)
    forgetOldest(served)
    return answer
  })
}

function serve(core: Core, act: RemoteAct): string | null {
  if (act.act === 'disconnect') return disconnectHere(core, act.connection)
  tellHere(core, act.user, act.event)
  return null
}

function forgetOldest(served: Map<string, string>): void {
  if (served.size <= maxRemembered) return
  for (const id of served.keys()) {
    served.delete(id)
    return
  }
}

function tellHere(core: Core, name: string, event: Event): void {
  const user = core.hub.users.get(name)
  if (user !== undefined) core.delivery.tell(user.connections.values(), event)
}

function disconnectHere(core: Core, id: string): 'ended' | 'none' {
  const connection = core.hub.connections.get(id)
  connection?.close(new Refusal('kicked'))
  return connection === undefined ? 'none' : 'ended'
}

/** Asks another node, again under the same id where the bus lost it. */
async function request(core: Core, node: string, act: RemoteAct): Promise<string> {
  const message: NodeRequest = {
    v: 1,
    id: core.random.hex(16),
    act: act.act,
    body: JSON.stringify(act),
  }
  for (let tries = 1; ; tries += 1) {
    try {
      return await core.bus.request(node, message, deadlineMs)
    } catch (error) {
      const retry = error instanceof Refusal && error.retry && tries < maxTries
      if (!retry) throw error
    }
  }
}
