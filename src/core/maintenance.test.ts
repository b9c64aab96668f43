import { beforeEach, describe, expect, it, vi } from 'vitest'
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

describe('a node that is alive', () => {
  it('does not expire itself, also where its lease has run out', async () => {
    const node = await world.node()
    const ann = await node.login('ann')
    await world.clock.advance(60_000)
    vi.spyOn(world.stores.leases, 'holder').mockResolvedValue(undefined)
    await world.clock.advance(60_000)
    expect(await connected()).toEqual(['ann'])
    expect(ann.link.closed).toBeUndefined()
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

describe('a node that expires a dead one', () => {
  it('goes on renewing its own lease, however long the app takes over those who leave', async () => {
    world.app.answers.set('create_channel', () => [true, {}])
    world.app.answers.set('unsubscribe', () => new Promise(() => {}))
    const dying = await world.node()
    const ann = await dying.login('ann')
    await ann.subscribe('room')
    const nodes = [await world.node(), await world.node()]
    const [bob, cid] = [await nodes[0]?.login('bob'), await nodes[1]?.login('cid')]
    dying.faults.isDown = true
    await world.clock.advance(180_000)
    expect(world.app.count('unsubscribe')).toBe(1)
    expect([bob?.link.closed, cid?.link.closed]).toEqual([undefined, undefined])
    expect(await connected()).toEqual(['bob', 'cid'])
  })
})

describe('a start', () => {
  const leaveOne = async (name: string) => {
    const node = await world.node()
    const ann = await node.login('ann')
    await ann.subscribe(name)
    ann.send('UNSUBSCRIBE', { channel_name: name })
    await atRest()
    ann.end()
    await atRest()
  }
  const asked = () =>
    world.app.asked.flatMap(({ hook, channel }) => (hook === 'destroy_channel' ? [channel] : []))

  it('lets channels that it found empty go after a minute', async () => {
    world.app.answers.set('destroy_channel', () => [false, {}])
    await leaveOne('old')
    await world.clock.advance(61_000)
    world.app.answers.delete('destroy_channel')
    await world.node()
    await world.clock.advance(59_000)
    expect(asked()).toEqual(['old'])
    await world.clock.advance(2000)
    expect(asked()).toEqual(['old', 'old'])
    expect((await world.stores.channels.list({ limit: 9 })).names).toEqual([])
  })

  it('does not ask again about channels that the app kept since', async () => {
    world.app.answers.set('destroy_channel', () => [false, {}])
    await leaveOne('new')
    await world.clock.advance(120_000)
    expect(asked()).toEqual(['new'])
  })
})
