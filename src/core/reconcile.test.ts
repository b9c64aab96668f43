import { beforeEach, describe, expect, it } from 'vitest'
import { atRest, type CoreWorld, createCoreWorld } from '../../test/helpers/core-world.ts'

let world: CoreWorld

beforeEach(() => {
  world = createCoreWorld()
  world.app.answers.set('create_channel', () => [true, { moderated: false, history_size: 5 }])
})

describe('a node whose read of a channel began before it was made', () => {
  it('does not take a join for one of a former life of the channel', async () => {
    const [here, there] = [await world.node(), await world.node()]
    const [ann, tab] = [await here.login('ann'), await there.login('ann')]
    const late = there.faults.holdAnswer('channels.snapshot')
    const reading = there.core.hub.channel('room')
    await late.done
    await ann.subscribe('room')
    await atRest()
    late.release()
    expect(await reading).toBeUndefined()
    await tab.next('SUBSCRIBE')
    const record = await world.stores.users.snapshot('ann')
    expect(record?.subscriptions.map(({ channel }) => channel)).toEqual(['room'])
    ann.publish('room', 'hello')
    expect((await tab.next('PUBLISH'))[2]['payload']).toBe('hello')
  })
})

describe('a connection that ends while it is brought into a channel', () => {
  it.each(['channels.snapshot', 'channels.history'] as const)(
    'is in no list afterwards, whether %s answers late',
    async (call) => {
      const [here, there] = [await world.node(), await world.node()]
      const [ann, tab] = [await here.login('ann'), await there.login('ann')]
      const late = there.faults.holdAnswer(call)
      ann.send('SUBSCRIBE', { channel_name: 'room' })
      await late.done
      tab.end()
      await atRest()
      late.release()
      await atRest()
      const { hub } = there.core
      expect(hub.channels.get('room')?.subscribers.size ?? 0).toBe(0)
      expect([hub.users.size, hub.connections.size]).toEqual([0, 0])
      await world.clock.advance(10_000)
      expect(hub.channels.get('room')?.subscribers.size ?? 0).toBe(0)
    },
  )

  it('is in no list afterwards where its join was still on its way', async () => {
    const node = await world.node()
    const bob = await node.login('bob')
    await bob.subscribe('room')
    const ann = await node.login('ann')
    const late = node.faults.holdAnswer('channels.history')
    ann.send('SUBSCRIBE', { channel_name: 'room' })
    await late.done
    ann.end()
    late.release()
    await atRest()
    expect([...(node.core.hub.channels.get('room')?.subscribers.all() ?? [])]).toHaveLength(1)
    const snapshot = await world.stores.channels.snapshot('room', { limit: 0, now: 0 })
    expect(snapshot?.presence.map(({ user }) => user)).toEqual(['bob'])
  })
})
