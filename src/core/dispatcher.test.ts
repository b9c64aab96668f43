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
    const held = holdHook('connect')
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
    const held = holdHook('connect')
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

  it('asks no more gates at a time for one message with many frames', async () => {
    const node = await world.node({ settings: { maxGatesPerConnection: 3 } })
    const ann = await node.login('ann')
    const waiting: (() => void)[] = []
    world.app.answers.set('create_channel', async () => {
      await new Promise<void>((resolve) => waiting.push(resolve))
      return [true, { moderated: false }]
    })
    const channels = Array.from({ length: 50 }, (_, i) => `room${i}`)
    const frames = channels.map((name, i) => [i + 10, 'SUBSCRIBE', { channel_name: name }])
    ann.write(frames.map((frame) => `${JSON.stringify(frame)}\r\n`).join(''))
    for (let answered = 0; answered < channels.length; answered += 1) {
      await atRest()
      expect(waiting.length).toBeLessThanOrEqual(3)
      expect(ann.link.isPaused).toBe(waiting.length >= 3)
      waiting.shift()?.()
    }
    await atRest()
    expect(ann.all('SUBSCRIBE').map(([, , args]) => args['channel_name'])).toEqual(channels)
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

  it('pauses above the rate also where its messages end no frame', async () => {
    const node = await world.node({ settings: { maxFramesPerSecond: 5 } })
    const ann = await node.login('ann')
    await world.clock.advance(1000)
    for (const letter of '[1,"P') {
      expect(ann.link.isPaused).toBe(false)
      ann.write(letter)
    }
    ann.write('INGS",{}]\r\n[2,"MESSAGE",{}]\r\n')
    expect(ann.link.isPaused).toBe(true)
    expect(ann.all('ERROR')).toEqual([])
    await world.clock.advance(1000)
    expect(ann.link.isPaused).toBe(false)
    await ann.next('ERROR')
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

describe('a link whose messages never end with a frame', () => {
  it.each([
    ['commands', 'MESSAGE'],
    ['frames that version 1 ignores', 'NOPE'],
  ])('is left alone while each frame is finished in time: %s', async (_what, name) => {
    const node = await world.node({ settings: { frameTimeoutMs: 10_000 } })
    const ann = await node.login('ann')
    const frame = `[7,"${name}",{}]`
    ann.write(frame.slice(0, 5))
    for (let second = 0; second < 60; second += 1) {
      await world.clock.advance(1000)
      ann.write(`${frame.slice(5)}\r\n${frame.slice(0, 5)}`)
    }
    expect(ann.link.closed).toBeUndefined()
    await world.clock.advance(12_000)
    expect(ann.link.closed?.code).toBe(4002)
  })
})

describe('a limit of the store', () => {
  it('is counted under its flag when a frame reaches it', async () => {
    const node = await world.node({ settings: { maxSubscriptions: 1 } })
    const ann = await node.login('ann')
    await ann.subscribe('one')
    ann.send('SUBSCRIBE', { channel_name: 'two' })
    await ann.next('ERROR')
    expect(node.telemetry.limits).toEqual(['max-subscriptions'])
  })

  it('is counted when a frame is too large', async () => {
    const node = await world.node({ settings: { maxFrameBytes: 1000 } })
    const ann = await node.login('ann')
    ann.write('x'.repeat(1001))
    expect(node.telemetry.limits).toEqual(['max-frame-bytes'])
    expect(ann.link.closed?.code).toBe(1009)
  })
})
