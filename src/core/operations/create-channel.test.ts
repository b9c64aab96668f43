import { beforeEach, describe, expect, it } from 'vitest'
import {
  atRest,
  type CoreWorld,
  createCoreWorld,
  type Node,
} from '../../../test/helpers/core-world.ts'
import { createChannel } from './create-channel.ts'

let world: CoreWorld
let node: Node

beforeEach(async () => {
  world = createCoreWorld()
  node = await world.node()
})

const room = { channel: 'room', options: { moderated: false }, hook: 'skip' } as const

describe('a channel that the app creates while its create hook is asked', () => {
  it('is there for those who wait, though the hook never answers', async () => {
    world.app.answers.set('create_channel', async () => {
      await createChannel(node.core, room)
      return new Promise(() => {})
    })
    const [ann, bob] = [await node.login('ann'), await node.login('bob')]
    await Promise.all([ann.subscribe('room'), bob.subscribe('room')])
    ann.publish('room', 1)
    await atRest()
    expect(bob.payloads).toEqual([1])
    expect(world.app.count('create_channel')).toBe(1)
  })

  it('is there for those who wait on another node', async () => {
    world.app.answers.set('create_channel', () => new Promise(() => {}))
    const other = await world.node()
    const ann = await node.login('ann')
    ann.send('SUBSCRIBE', { channel_name: 'room' })
    await atRest()
    await createChannel(other.core, room)
    await ann.next('SUBSCRIBE')
  })

  it('stays as it is where the hook refuses later', async () => {
    const verdict = Promise.withResolvers<void>()
    world.app.answers.set('create_channel', async () => {
      await verdict.promise
      return [false, { error: 'no' }]
    })
    const ann = await node.login('ann')
    ann.send('SUBSCRIBE', { channel_name: 'room' })
    await atRest()
    await createChannel(node.core, room)
    await ann.next('SUBSCRIBE')
    verdict.resolve()
    await atRest()
    expect(ann.all('ERROR')).toEqual([])
    expect((await world.stores.channels.list({ limit: 9 })).names).toEqual(['room'])
  })
})

describe('a channel that the app refuses to create', () => {
  it('is listened to no longer, however many asked for it', async () => {
    const addresses = new Set<string>()
    const listening = await world.node({
      bus: (bus) => {
        const { subscribe, unsubscribe } = bus
        bus.subscribe = (address) => {
          addresses.add(address)
          return subscribe.call(bus, address)
        }
        bus.unsubscribe = (address) => {
          addresses.delete(address)
          unsubscribe.call(bus, address)
        }
        return bus
      },
    })
    world.app.answers.set('create_channel', () => [false, {}])
    const [ann, bob] = [await listening.login('ann'), await listening.login('bob')]
    for (const name of ['one', 'two', 'one']) {
      ann.send('SUBSCRIBE', { channel_name: name })
      bob.publish(name, 1)
    }
    await atRest()
    expect([ann.all('ERROR').length, bob.all('ERROR').length]).toEqual([3, 3])
    expect([...addresses].filter((address) => address.startsWith('channel:'))).toEqual([])
  })
})
