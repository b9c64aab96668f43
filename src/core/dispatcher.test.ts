import { beforeEach, describe, expect, it } from 'vitest'
import { atRest, type CoreWorld, createCoreWorld } from '../../test/helpers/core-world.ts'

let world: CoreWorld

beforeEach(() => {
  world = createCoreWorld()
  world.app.answers.set('create_channel', () => [true, { moderated: false }])
})

/** Lets a hook's answers wait; each call of the returned function lets one go. */
function holdHook(hook: 'connect' | 'publish' | 'subscribe'): { release(): void; count: number } {
  const waiting: (() => void)[] = []
  const answer = world.app.answers.get(hook)
  const held = {
    count: 0,
    release: () => waiting.shift()?.(),
  }
  world.app.answers.set(hook, async (gate) => {
    held.count += 1
    await new Promise<void>((resolve) => waiting.push(resolve))
    return (await answer?.(gate)) ?? [true, {}]
  })
  return held
}

const connectArgs = { cookie_string: '', payload: '"ann"' }

describe('CONNECT', () => {
  it('is a barrier: frames behind it wait for its verdict, in order', async () => {
    const node = await world.node()
    const held = holdHook('connect')
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
    const held = holdHook('connect')
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
    const held = holdHook('publish')
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
    holdHook('publish')
    ann.publish('slow', 1)
    ann.publish('fast', 2)
    await atRest()
    expect(ann.payloads).toEqual([2])
  })

  it('are finished before the connection leaves', async () => {
    world.app.answers.set('create_channel', () => [true, { moderated: true }])
    const node = await world.node()
    const bob = await node.login('bob')
    await bob.subscribe('room')
    const ann = await node.login('ann')
    const held = holdHook('publish')
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

describe('reading from a link', () => {
  it('pauses while too many gates are asked, and goes on after them', async () => {
    world.app.answers.set('create_channel', () => [true, { moderated: true }])
    const node = await world.node({ settings: { maxGatesPerConnection: 3 } })
    const ann = await node.login('ann')
    await ann.subscribe('room')
    const held = holdHook('publish')
    for (const number of [1, 2]) ann.publish('room', number)
    expect(ann.link.isPaused).toBe(false)
    ann.publish('room', 3)
    expect(ann.link.isPaused).toBe(true)
    expect(node.telemetry.limits).toEqual(['max-gates-per-connection'])
    await atRest()
    held.release()
    await atRest()
    expect(ann.link.isPaused).toBe(false)
  })

  it('pauses while too many frames wait for CONNECT', async () => {
    const node = await world.node({ settings: { maxGatesPerConnection: 3 } })
    const held = holdHook('connect')
    const ann = node.open()
    ann.send('CONNECT', connectArgs)
    for (const number of [1, 2, 3]) ann.publish('room', number)
    expect(ann.link.isPaused).toBe(true)
    await atRest()
    held.release()
    await atRest()
    expect(ann.link.isPaused).toBe(false)
  })

  it('pauses until the next second above the rate', async () => {
    const node = await world.node({ settings: { maxFramesPerSecond: 5 } })
    const ann = await node.login('ann')
    for (let i = 0; i < 4; i += 1) ann.publish('room', i)
    expect(ann.link.isPaused).toBe(false)
    ann.publish('room', 4)
    expect(ann.link.isPaused).toBe(true)
    expect(node.telemetry.limits).toEqual(['max-frames-per-second'])
    await world.clock.advance(1000)
    expect(ann.link.isPaused).toBe(false)
  })

  it('stays paused for its rate when its gates are answered meanwhile', async () => {
    world.app.answers.set('create_channel', () => [true, { moderated: true }])
    const settings = { maxFramesPerSecond: 5, maxGatesPerConnection: 2 }
    const node = await world.node({ settings })
    const ann = await node.login('ann')
    await ann.subscribe('room')
    await world.clock.advance(1000)
    const held = holdHook('publish')
    for (let i = 0; i < 6; i += 1) ann.publish('room', i)
    for (let i = 0; i < 6; i += 1) {
      await atRest()
      held.release()
    }
    await atRest()
    expect(ann.link.isPaused).toBe(true)
    await world.clock.advance(1000)
    expect(ann.link.isPaused).toBe(false)
  })

  it('counts frames that waited for CONNECT once', async () => {
    const node = await world.node({ settings: { maxFramesPerSecond: 5 } })
    const held = holdHook('connect')
    const ann = node.open()
    ann.send('CONNECT', connectArgs)
    for (const number of [1, 2, 3]) ann.publish('room', number)
    await atRest()
    held.release()
    await atRest()
    expect(node.telemetry.limits).toEqual([])
  })
})

describe('a link that does not say who it is', () => {
  it('is closed', async () => {
    const node = await world.node({ settings: { connectTimeoutMs: 10_000 } })
    const [silent, ann] = [node.open(), await node.login('ann')]
    await world.clock.advance(12_000)
    expect(silent.link.closed?.code).toBe(4003)
    expect(ann.link.closed).toBeUndefined()
  })

  it('is closed over half a frame that does not end', async () => {
    const node = await world.node({ settings: { frameTimeoutMs: 10_000 } })
    const ann = await node.login('ann')
    ann.write('[7,"PUB')
    await world.clock.advance(5000)
    ann.write('LISH"')
    expect(ann.link.closed).toBeUndefined()
    await world.clock.advance(7000)
    expect(ann.link.closed?.code).toBe(4002)
  })
})
