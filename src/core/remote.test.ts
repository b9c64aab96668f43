import { describe, expect, it } from 'vitest'
import { atRest, createCoreWorld } from '../../test/helpers/core-world.ts'
import { Refusal } from './errors.ts'
import type { Event } from './event.ts'
import type { Bus, NodeRequest, UserRecord } from './ports.ts'
import { disconnectOn, tellUser } from './remote.ts'

const event: Event = { event: 'message', sender: 'bob', recipient: 'ann', payload: '1', at: 0 }

/** A bus whose requests go as `ask` says. */
function requestsThrough(
  bus: Bus,
  ask: (request: NodeRequest, send: () => Promise<string>) => Promise<string>,
): Bus {
  const request: Bus['request'] = (node, message, deadlineMs) =>
    ask(message, () => bus.request(node, message, deadlineMs))
  return new Proxy(bus, {
    get(target, key) {
      if (key === 'request') return request
      const member: unknown = Reflect.get(target, key)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
}

function never(): Promise<string> {
  throw new Error('nobody should be asked')
}

describe('a request to another node', () => {
  it('is repeated under the same id where its answer was lost, and carried out once', async () => {
    const world = createCoreWorld()
    const there = await world.node()
    const ids: string[] = []
    const here = await world.node({
      bus: (bus) =>
        requestsThrough(bus, async (request, send) => {
          ids.push(request.id)
          const answer = await send()
          if (ids.length < 3) throw new Refusal('node_unreachable')
          return answer
        }),
    })
    const ann = await there.login('ann')
    const record = (await world.stores.users.snapshot('ann')) as UserRecord
    await tellUser(here.core, record, event)
    await atRest()
    expect(ids).toHaveLength(3)
    expect(new Set(ids).size).toBe(1)
    expect(ann.all('MESSAGE')).toHaveLength(1)
  })

  it('is given up after four tries, with an error that may be retried', async () => {
    const world = createCoreWorld()
    let tries = 0
    const here = await world.node({
      bus: (bus) =>
        requestsThrough(bus, () => {
          tries += 1
          return Promise.reject(new Refusal('node_unreachable'))
        }),
    })
    await world.stores.leases.acquire('node:elsewhere', 'elsewhere', 60_000)
    await expect(disconnectOn(here.core, 'elsewhere', 'c1')).rejects.toMatchObject({
      code: 'node_unreachable',
      retry: true,
    })
    expect(tries).toBe(4)
  })

  it('is not even made where the node is dead', async () => {
    const world = createCoreWorld()
    const here = await world.node({ bus: (bus) => requestsThrough(bus, () => never()) })
    await expect(disconnectOn(here.core, 'dead', 'c1')).resolves.toBe('none')
  })

  it('ends a connection there', async () => {
    const world = createCoreWorld()
    const there = await world.node()
    const here = await world.node()
    const ann = await there.login('ann')
    const record = await world.stores.users.snapshot('ann')
    const held = record?.connections[0]
    if (held === undefined) throw new Error('no connection')
    await disconnectOn(here.core, held.node, held.id)
    expect(ann.link.closed?.code).toBe(4001)
  })
})
