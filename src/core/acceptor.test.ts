import { beforeEach, describe, expect, it } from 'vitest'
import { type CoreWorld, createCoreWorld } from '../../test/helpers/core-world.ts'

let world: CoreWorld

beforeEach(() => {
  world = createCoreWorld()
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
