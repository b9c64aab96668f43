import { beforeEach, describe, expect, it } from 'vitest'
import { atRest, type CoreWorld, createCoreWorld } from '../../test/helpers/core-world.ts'
import { holdHook } from '../../test/helpers/hold-hook.ts'

let world: CoreWorld

beforeEach(() => {
  world = createCoreWorld()
  world.app.answers.set('create_channel', () => [true, { moderated: false }])
})

const connectArgs = { cookie_string: '', payload: '"ann"' }

describe('reading from a link', () => {
  it('pauses while too many gates are asked, and goes on after them', async () => {
    world.app.answers.set('create_channel', () => [true, { moderated: true }])
    const node = await world.node({ settings: { maxGatesPerConnection: 3 } })
    const ann = await node.login('ann')
    await ann.subscribe('room')
    const held = holdHook(world.app, 'publish')
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
    const held = holdHook(world.app, 'connect')
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
    const held = holdHook(world.app, 'publish')
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
    const held = holdHook(world.app, 'connect')
    const ann = node.open()
    ann.send('CONNECT', connectArgs)
    for (const number of [1, 2, 3]) ann.publish('room', number)
    await atRest()
    held.release()
    await atRest()
    expect(node.telemetry.limits).toEqual([])
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
