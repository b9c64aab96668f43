import { beforeEach, describe, expect, it } from 'vitest'
import { atRest, type CoreWorld, createCoreWorld } from '../../test/helpers/core-world.ts'

let world: CoreWorld

beforeEach(() => {
  world = createCoreWorld()
  world.app.answers.set('create_channel', () => [true, { moderated: false, presenceful: true }])
})

/** Names of the users that the store takes for connected. */
async function connected(): Promise<string[]> {
  const page = await world.stores.users.list({ limit: 100 })
  return [...page.names]
}

describe('a dead node', () => {
  it('is expired 30 s after its last renewal: its users leave and the app is told', async () => {
    const dying = await world.node()
    const living = await world.node()
    const ann = await dying.login('ann')
    await ann.subscribe('room')
    const bob = await living.login('bob')
    await bob.subscribe('room')
    dying.faults.isDown = true
    await world.clock.advance(25_000)
    expect(await connected()).toEqual(['ann', 'bob'])
    await world.clock.advance(20_000)
    expect(await connected()).toEqual(['bob'])
    expect(bob.all('UNSUBSCRIBE').map(([, , args]) => args['user'])).toEqual(['ann'])
    const told = world.app.told.map(({ kind, body }) => [kind, JSON.parse(body)])
    expect(told).toMatchObject([['disconnect', { name: 'ann', channels: ['room'] }]])
  })

  it('is not expired by a node that has itself been alive for less than 30 s', async () => {
    const dying = await world.node()
    await dying.login('ann')
    dying.faults.isDown = true
    await world.clock.advance(300_000)
    await world.node()
    await world.clock.advance(29_000)
    expect(await connected()).toEqual(['ann'])
    await world.clock.advance(11_000)
    expect(await connected()).toEqual([])
  })

  it('that comes back closes the links it no longer holds, with the code that says resume', async () => {
    const dying = await world.node()
    await world.node()
    const ann = await dying.login('ann')
    dying.faults.isDown = true
    await world.clock.advance(60_000)
    expect(ann.link.closed).toBeUndefined()
    dying.faults.isDown = false
    await world.clock.advance(10_000)
    expect(ann.link.closed?.code).toBe(4006)
  })
})

describe('an outage of the store', () => {
  it('expires nobody', async () => {
    const nodes = [await world.node(), await world.node()]
    for (const [index, node] of nodes.entries()) await node.login(`user${index}`)
    for (const node of nodes) node.faults.isDown = true
    await world.clock.advance(120_000)
    for (const node of nodes) node.faults.isDown = false
    await world.clock.advance(120_000)
    expect(await connected()).toEqual(['user0', 'user1'])
    expect(nodes.flatMap(({ telemetry }) => telemetry.events)).toEqual([])
  })

  it('expires nobody where one node’s renewal was answered late, the other’s not at all', async () => {
    const early = await world.node()
    const late = await world.node()
    await late.login('ann')
    await world.clock.advance(15_000)
    const release = early.faults.holdCall('leases.renew')
    late.faults.isDown = true
    await world.clock.advance(24_000)
    release()
    await atRest()
    await world.clock.advance(8000)
    late.faults.isDown = false
    await world.clock.advance(60_000)
    expect(early.telemetry.events).toEqual([])
    expect(await connected()).toEqual(['ann'])
  })
})

describe('a node that cannot reach the store at its start', () => {
  it('does not start', async () => {
    const node = await world.node()
    node.faults.isDown = true
    await expect(node.running.start()).rejects.toThrow('does not answer')
  })
})
