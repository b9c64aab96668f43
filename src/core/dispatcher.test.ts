import { beforeEach, describe, expect, it } from 'vitest'
import { atRest, type CoreWorld, createCoreWorld } from '../../test/helpers/core-world.ts'
import { holdHook } from '../../test/helpers/hold-hook.ts'

let world: CoreWorld

beforeEach(() => {
  world = createCoreWorld()
  world.app.answers.set('create_channel', () => [true, { moderated: false }])
})

const connectArgs = { cookie_string: '', payload: '"ann"' }

describe('CONNECT', () => {
  it('is a barrier: frames behind it wait for its verdict, in order', async () => {
    const node = await world.node()
    const held = holdHook(world.app, 'connect')
    const ann = node.open()
    ann.send('CONNECT', connectArgs)
    ann.send('SUBSCRIBE', { channel_name: 'room' })
    for (const number of [1, 2, 3]) ann.publish('room', number)
    await atRest()
    expect(ann.link.frames.all).toEqual([])
    held.release()
    await atRest()
    expect(ann.link.frames.all.map(([, name]) => name)).toEqual([
      'CONNECTED',
      'SUBSCRIBE',
      'PUBLISH',
      'PUBLISH',
      'PUBLISH',
    ])
    expect(ann.payloads).toEqual([1, 2, 3])
  })

  it('that is refused leaves the link open for another, and what waited is not connected', async () => {
    const node = await world.node()
    const accept = world.app.answers.get('connect')
    world.app.answers.set('connect', () => [false, { error: 'no' }])
    const ann = node.open()
    const first = ann.send('CONNECT', connectArgs)
    const second = ann.send('SUBSCRIBE', { channel_name: 'room' })
    await atRest()
    expect(ann.all('ERROR').map(([, , args]) => [args['id'], args['msg']])).toEqual([
      [first, 'no'],
      [second, 'Not connected'],
    ])
    if (accept !== undefined) world.app.answers.set('connect', accept)
    ann.send('CONNECT', connectArgs)
    await ann.next('CONNECTED')
  })

  it('a second time is refused', async () => {
    const node = await world.node()
    const ann = await node.login('ann')
    ann.send('CONNECT', connectArgs)
    const [, , args] = await ann.next('ERROR')
    expect(args['msg']).toBe('Already logged in')
  })

  it('is a barrier for its lists too: what comes later is not done before what waited', async () => {
    const lists = Promise.withResolvers<void>()
    world.app.answers.set('create_channel', async (gate) => {
      if (gate.channel === 'slow') await lists.promise
      return [true, { moderated: false, history_size: 9 }]
    })
    const node = await world.node()
    const bob = await node.login('bob')
    await bob.subscribe('room')
    world.app.answers.set('connect', () => [true, { name: 'ann', auto_subscribe: ['slow'] }])
    const held = holdHook(world.app, 'connect')
    const ann = node.open()
    ann.send('CONNECT', connectArgs)
    ann.publish('room', 'first')
    await atRest()
    held.release()
    await ann.next('CONNECTED')
    ann.publish('room', 'second')
    await atRest()
    lists.resolve()
    await ann.next('SUBSCRIBE')
    expect(bob.payloads).toEqual(['first', 'second'])
  })

  it('a second time, with another version, does not change the dialect of the first', async () => {
    const node = await world.node()
    const bob = await node.login('bob')
    await bob.subscribe('room')
    const held = holdHook(world.app, 'connect')
    const ann = node.open()
    ann.send('CONNECT', { version: 2, payload: 'ann' })
    ann.send('CONNECT', connectArgs)
    await atRest()
    held.release()
    await atRest()
    const [, , refused] = await ann.next('ERROR')
    expect(refused).toMatchObject({ code: 'already_logged_in' })
    ann.send('CONNECT', connectArgs)
    ann.send('SUBSCRIBE', { channel_name: 'room' })
    await atRest()
    expect(ann.all('SUBSCRIBE')[0]?.[2]).toHaveProperty('epoch')
    ann.end()
    await world.clock.advance(30_000)
    expect([...(node.core.hub.channels.get('room')?.subscribers.all() ?? [])]).toHaveLength(1)
  })

  it('that was refused may be tried again in another version', async () => {
    const node = await world.node()
    const accept = world.app.answers.get('connect')
    world.app.answers.set('connect', () => [false, {}])
    const ann = node.open()
    ann.send('CONNECT', { version: 2, payload: 'ann' })
    await ann.next('ERROR')
    if (accept !== undefined) world.app.answers.set('connect', accept)
    ann.send('CONNECT', connectArgs)
    expect((await ann.next('CONNECTED'))[2]).toEqual({ name: 'ann', payload: '"ann"' })
  })

  it('is refused five times, then the link is closed', async () => {
    const node = await world.node()
    world.app.answers.set('connect', () => [false, {}])
    const ann = node.open()
    for (let i = 0; i < 5; i += 1) {
      expect(ann.link.closed).toBeUndefined()
      ann.send('CONNECT', connectArgs)
      await atRest()
    }
    expect(ann.link.closed?.code).toBe(4004)
  })

  it('is refused without a hook where the address has spent its refusals', async () => {
    const node = await world.node({ settings: { maxRefusedConnectsPerMinute: 3 } })
    world.app.answers.set('connect', () => [false, {}])
    for (let i = 0; i < 5; i += 1) {
      node.open().send('CONNECT', connectArgs)
      await atRest()
    }
    expect(world.app.count('connect')).toBe(3)
  })

  it('that fails is no refusal: an app that is down locks nobody out', async () => {
    const node = await world.node()
    world.app.answers.set('connect', () => {
      throw new Error('app is down')
    })
    const ann = node.open()
    for (let i = 0; i < 10; i += 1) {
      ann.send('CONNECT', connectArgs)
      await ann.next('ERROR')
    }
    expect(ann.link.closed).toBeUndefined()
  })

  it('that is still under way when the link ends leaves nobody behind', async () => {
    const node = await world.node()
    const held = holdHook(world.app, 'connect')
    const ann = node.open()
    ann.send('CONNECT', connectArgs)
    await atRest()
    ann.end()
    held.release()
    await atRest()
    expect(await world.stores.users.snapshot('ann')).toBeUndefined()
    expect(node.core.hub.users.size).toBe(0)
    expect(node.core.hub.connections.size).toBe(0)
  })
})

describe('lanes of a connection', () => {
  it('keep the order of publishes to one channel, whatever their hooks take', async () => {
    world.app.answers.set('create_channel', () => [true, { moderated: true }])
    const node = await world.node()
    const ann = await node.login('ann')
    await ann.subscribe('room')
    const held = holdHook(world.app, 'publish')
    for (const number of [1, 2, 3]) ann.publish('room', number)
    await atRest()
    expect(held.count).toBe(1)
    for (let i = 0; i < 3; i += 1) {
      held.release()
      await atRest()
    }
    expect(ann.payloads).toEqual([1, 2, 3])
  })

  it('of other channels do not wait', async () => {
    world.app.answers.set('create_channel', (gate) => [
      true,
      { moderated: gate.channel === 'slow' },
    ])
    const node = await world.node()
    const ann = await node.login('ann')
    await ann.subscribe('fast')
    holdHook(world.app, 'publish')
    ann.publish('slow', 1)
    ann.publish('fast', 2)
    await atRest()
    expect(ann.payloads).toEqual([2])
  })

  it('have none for a publish that has nothing to wait for, but behind one that has, it waits', async () => {
    const node = await world.node()
    const ann = await node.login('ann')
    await ann.subscribe('plain')
    await atRest()
    ann.publish('plain', 1)
    await new Promise((resolve) => setImmediate(resolve))
    expect(ann.payloads).toEqual([1])
    const held = holdHook(world.app, 'create_channel')
    ann.send('SUBSCRIBE', { channel_name: 'made' })
    ann.publish('made', 2)
    await atRest()
    ann.publish('made', 3)
    await atRest()
    held.release()
    await atRest()
    expect(ann.payloads).toEqual([1, 2, 3])
  })

  it('are finished before the connection leaves', async () => {
    world.app.answers.set('create_channel', () => [true, { moderated: true }])
    const node = await world.node()
    const bob = await node.login('bob')
    await bob.subscribe('room')
    const ann = await node.login('ann')
    const held = holdHook(world.app, 'publish')
    ann.publish('room', 'last words')
    await atRest()
    ann.end()
    await atRest()
    expect((await world.stores.users.snapshot('ann'))?.connections).toHaveLength(1)
    held.release()
    await atRest()
    expect(bob.payloads).toEqual(['last words'])
    expect(await world.stores.users.snapshot('ann')).toBeUndefined()
  })
})
