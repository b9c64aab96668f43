import { beforeEach, describe, expect, it } from 'vitest'
import { atRest, type CoreWorld, createCoreWorld } from '../../../test/helpers/core-world.ts'
import type { ChannelCommit } from '../ports.ts'

let world: CoreWorld

beforeEach(() => {
  world = createCoreWorld()
  world.app.answers.set('create_channel', () => [true, { moderated: false }])
})

async function exists(): Promise<boolean> {
  const page = await world.stores.channels.list({ limit: 10 })
  return page.names.includes('room')
}

const isDestroy = ([, commit]: readonly unknown[]) =>
  (commit as ChannelCommit).changes.some(({ change }) => change === 'destroy')

/** A node, and a user who came and went again. */
async function emptyRoom(settings = {}) {
  const node = await world.node({ settings })
  // The sweep for channels that were abandoned before the start is over.
  await world.clock.advance(61_000)
  const ann = await node.login('ann')
  await ann.subscribe('room')
  ann.send('UNSUBSCRIBE', { channel_name: 'room' })
  await atRest()
  return { node, ann }
}

describe('an empty channel', () => {
  it('is destroyed when the app says so', async () => {
    await emptyRoom()
    expect(world.app.count('destroy_channel')).toBe(1)
    expect(await exists()).toBe(false)
  })

  it('stays when the app says no, and the app is not asked again', async () => {
    world.app.answers.set('destroy_channel', () => [false, {}])
    await emptyRoom()
    await world.clock.advance(600_000)
    expect(world.app.count('destroy_channel')).toBe(1)
    expect(await exists()).toBe(true)
  })

  it('stays while its hook fails, which is asked again ever more rarely, at most 5 min apart', async () => {
    const times: number[] = []
    world.app.answers.set('destroy_channel', () => {
      times.push(world.clock.now())
      throw new Error('app is down')
    })
    const { ann } = await emptyRoom()
    await world.clock.advance(1_800_000)
    const gaps = times.slice(1).map((time, index) => (time - (times[index] ?? 0)) / 1000)
    expect(gaps.slice(0, 10)).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300])
    expect(gaps.slice(10).every((gap) => gap === 300)).toBe(true)
    expect(await exists()).toBe(true)
    await ann.subscribe('room')
    times.length = 0
    await world.clock.advance(1_800_000)
    expect(times).toEqual([])
  })

  it('goes once the hook answers again', async () => {
    world.app.answers.set('destroy_channel', () => {
      throw new Error('app is down')
    })
    await emptyRoom()
    world.app.answers.delete('destroy_channel')
    await world.clock.advance(1000)
    expect(await exists()).toBe(false)
  })

  it('that has members is not empty, and the app is not asked', async () => {
    const node = await world.node()
    await world.clock.advance(61_000)
    const ann = await node.login('ann')
    await ann.subscribe('room')
    const { channels } = world.stores
    const result = await channels.commit('room', {
      expect: {},
      changes: [
        { change: 'room', closed: false },
        { change: 'member', act: 'add', user: 'bob', at: 0 },
      ],
      now: world.clock.now(),
    })
    expect(result.outcome).toBe('committed')
    ann.send('UNSUBSCRIBE', { channel_name: 'room' })
    await atRest()
    expect(world.app.count('destroy_channel')).toBe(0)
    expect(await exists()).toBe(true)
  })

  it('goes once the store answers again', async () => {
    const node = await world.node()
    const ann = await node.login('ann')
    await ann.subscribe('room')
    node.faults.lose('channels.commit', isDestroy)
    ann.send('UNSUBSCRIBE', { channel_name: 'room' })
    await atRest()
    expect(await exists()).toBe(true)
    expect(ann.all('ERROR')).toEqual([])
    expect(node.telemetry.failures).toHaveLength(1)
    await world.clock.advance(1000)
    expect(await exists()).toBe(false)
  })

  it('stays where somebody comes in while the app is asked', async () => {
    const node = await world.node()
    const gate = Promise.withResolvers<void>()
    world.app.answers.set('destroy_channel', async () => {
      await gate.promise
      return [true, {}]
    })
    const ann = await node.login('ann')
    await ann.subscribe('room')
    ann.send('UNSUBSCRIBE', { channel_name: 'room' })
    await atRest()
    const bob = await node.login('bob')
    await bob.subscribe('room')
    gate.resolve()
    await atRest()
    expect(await exists()).toBe(true)
    expect(bob.all('UNSUBSCRIBE')).toEqual([])
  })

  it('lingers before the app is asked, and is not asked about where somebody came back', async () => {
    const { ann } = await emptyRoom({ channelLingerMs: 5000 })
    await world.clock.advance(4000)
    expect(world.app.count('destroy_channel')).toBe(0)
    await ann.subscribe('room')
    await world.clock.advance(60_000)
    expect(world.app.count('destroy_channel')).toBe(0)
    ann.send('UNSUBSCRIBE', { channel_name: 'room' })
    await world.clock.advance(6000)
    expect(world.app.count('destroy_channel')).toBe(1)
    expect(await exists()).toBe(false)
  })
})

describe('a channel that is left again while the first question about it is being settled', () => {
  it('is asked about once more, and goes', async () => {
    const node = await world.node()
    const verdict = Promise.withResolvers<void>()
    world.app.answers.set('destroy_channel', async () => {
      await verdict.promise
      return [true, {}]
    })
    const [ann, bob] = [await node.login('ann'), await node.login('bob')]
    await ann.subscribe('room')
    const release = node.faults.holdCall('leases.release', ([name]) => name === 'destroy:room')
    ann.send('UNSUBSCRIBE', { channel_name: 'room' })
    await atRest()
    await bob.subscribe('room')
    verdict.resolve()
    await atRest()
    bob.send('UNSUBSCRIBE', { channel_name: 'room' })
    await atRest()
    expect(await exists()).toBe(true)
    release()
    await atRest()
    expect(world.app.count('destroy_channel')).toBe(2)
    expect(await exists()).toBe(false)
  })
})
