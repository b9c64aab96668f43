import type { Core } from './core.ts'
import { Refusal } from './errors.ts'
import type { Event } from './event.ts'
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
    [...others].map((node) => request(core, node, { act: 'tell', user: record.name, event })),
  )
}

/** Ends a connection wherever it is. Throws Refusal. */
export async function disconnectOn(core: Core, node: string, connection: string): Promise<void> {
  if (node === core.nodeId) disconnectHere(core, connection)
  else await request(core, node, { act: 'disconnect', connection })
}

/** Answers the requests of other nodes. */
export function serveRequests(core: Core): void {
  const served = new Set<string>()
  core.bus.onRequest(async (received) => {
    if (served.has(received.id)) return 'null'
    served.add(received.id)
    forgetOldest(served)
    const act = JSON.parse(received.body) as RemoteAct
    if (act.act === 'tell') tellHere(core, act.user, act.event)
    else disconnectHere(core, act.connection)
    return 'null'
  })
}

function forgetOldest(served: Set<string>): void {
  if (served.size <= maxRemembered) return
  for (const id of served) {
    served.delete(id)
    return
  }
}

function tellHere(core: Core, name: string, event: Event): void {
  const user = core.hub.users.get(name)
  if (user === undefined) return
  for (const connection of user.connections.values()) {
    core.delivery.send(connection, connection.session.encoder.encode(event))
  }
}

function disconnectHere(core: Core, id: string): void {
  core.hub.connections.get(id)?.close(new Refusal('kicked'))
}

/** Asks another node, again under the same id where the bus lost it. */
async function request(core: Core, node: string, act: RemoteAct): Promise<void> {
  const message: NodeRequest = {
    v: 1,
    id: core.random.hex(16),
    act: act.act,
    body: JSON.stringify(act),
  }
  for (let tries = 1; ; tries += 1) {
    try {
      await core.bus.request(node, message, deadlineMs)
      return
    } catch (error) {
      const retry = error instanceof Refusal && error.retry && tries < maxTries
      if (!retry) throw error
    }
  }
}
