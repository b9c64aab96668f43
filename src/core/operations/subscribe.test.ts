import { beforeEach, describe, expect, it } from 'vitest'
import {
  atRest,
  type Browser,
  type CoreWorld,
  createCoreWorld,
  type Node,
} from '../../../test/helpers/core-world.ts'
import type { ChannelCommit, GateName, UserCommit } from '../ports.ts'
import { destroyChannel } from './destroy-channel.ts'
import { subscribe } from './subscribe.ts'
import { unsubscribe } from './unsubscribe.ts'

let world: CoreWorld

beforeEach(() => {
  world = createCoreWorld()
  world.app.answers.set('create_channel', () => [true, { moderated: false, presenceful: true }])
})

function changes(kind: string) {
  return ([, commit]: readonly unknown[]) =>
    (commit as ChannelCommit | UserCommit).changes.some(({ change }) => change === kind)
}

async function presence(): Promise<string[] | undefined> {
  const snapshot = await world.stores.channels.snapshot('room', { limit: 0, now: 0 })
  return snapshot?.presence.map(({ user }) => user)
}

describe('a SUBSCRIBE that failed half way', () => {
  it.each([
    { what: 'the user’s commit', call: 'users.commit', kind: 'subscribe', how: 'lose' },
    { what: 'its answer', call: 'users.commit', kind: 'subscribe', how: 'loseAnswer' },
    { what: 'the channel’s commit', call: 'channels.commit', kind: 'enter', how: 'lose' },
    { what: 'its answer', call: 'channels.commit', kind: 'enter', how: 'loseAnswer' },
    { what: 'the confirmation', call: 'users.commit', kind: 'confirm', how: 'lose' },
    { what: 'its answer', call: 'users.commit', kind: 'confirm', how: 'loseAnswer' },
  ] as const)(
    'is completed by the client’s repeat: $what ($kind) was lost',
    async ({ call, kind, how }) => {
      const node = await world.node()
      const bob = await node.login('bob')
      await bob.subscribe('room')
      const ann = await node.login('ann')
      node.faults[how](call, changes(kind))
      ann.send('SUBSCRIBE', { channel_name: 'room' })
      await ann.next('ERROR')
      await ann.subscribe('room')
      bob.publish('room', 'hello')
      await atRest()
      expect(ann.payloads).toEqual(['hello'])
      expect(ann.all('SUBSCRIBE')).toHaveLength(1)
      expect(await presence()).toEqual(['bob', 'ann'])
      expect(bob.all('SUBSCRIBE').filter(([, , args]) => args['user'] === 'ann')).toHaveLength(1)
      await world.clock.advance(120_000)
      expect(await presence()).toEqual(['bob', 'ann'])
      expect(ann.all('SUBSCRIBE')).toHaveLength(1)
      expect(bob.all('UNSUBSCRIBE')).toEqual([])
    },
  )
})

describe('a SUBSCRIBE in answer to the UNSUBSCRIBE of a destroyed channel', () => {
  it('is carried out, however late the store forgets the old subscription', async () => {
    const node = await world.node()
    const ann = await node.login('ann')
    await ann.subscribe('room')
    const release = node.faults.holdCall('users.commit', changes('unsubscribe'))
    const destroyed = destroyChannel(node.core, { channel: 'room', hook: 'skip' })
    await ann.next('UNSUBSCRIBE')
    ann.send('SUBSCRIBE', { channel_name: 'room' })
    await atRest()
    release()
    await destroyed
    await atRest()
    expect(await presence()).toEqual(['ann'])
    expect(ann.all('SUBSCRIBE')).toHaveLength(2)
    await world.clock.advance(60_000)
    expect(ann.all('UNSUBSCRIBE')).toHaveLength(1)
    const bob = await node.login('bob')
    await bob.subscribe('room')
    bob.publish('room', 'again')
    await atRest()
    expect(ann.payloads).toEqual(['again'])
  })
})

describe('the app’s own call from inside the hook of the same user and channel', () => {
  let node: Node
  let ann: Browser

  beforeEach(async () => {
    world.app.answers.set('create_channel', () => [true, {}])
    node = await world.node()
    ann = await node.login('ann')
  })

  /** The hook answers only when its call of REST has been answered. */
  function callInside(hook: GateName, act: () => Promise<void>): void {
    world.app.answers.set(hook, async () => {
      world.app.answers.delete(hook)
      await act()
      return [true, {}]
    })
  }
  const command = { channel: 'room', user: 'ann', hook: 'skip' } as const

  it('subscribes inside subscribe: the user is in, and is told once', async () => {
    callInside('subscribe', () => subscribe(node.core, command))
    ann.send('SUBSCRIBE', { channel_name: 'room' })
    await atRest()
    expect(await presence()).toEqual(['ann'])
    expect(ann.all('SUBSCRIBE')).toHaveLength(1)
  })

  it('unsubscribes inside subscribe: the hook’s own answer comes last', async () => {
    callInside('subscribe', () => unsubscribe(node.core, command))
    await ann.subscribe('room')
    expect(await presence()).toEqual(['ann'])
  })

  it('unsubscribes inside unsubscribe: the user is out, and is told once', async () => {
    await ann.subscribe('room')
    callInside('unsubscribe', () => unsubscribe(node.core, command))
    ann.send('UNSUBSCRIBE', { channel_name: 'room' })
    await atRest()
    expect(ann.all('UNSUBSCRIBE')).toHaveLength(1)
    expect(await world.stores.users.snapshot('ann')).toMatchObject({ subscriptions: [] })
  })
})

describe('a position to resume from', () => {
  it('is not kept where the SUBSCRIBE that gave it was refused', async () => {
    world.app.answers.set('create_channel', () => [false, {}])
    const node = await world.node()
    const ann = node.open()
    ann.send('CONNECT', { version: 2, payload: 'ann' })
    await ann.next('CONNECTED')
    const since = { epoch: 'e', offset: 1 }
    for (let i = 0; i < 50; i += 1) ann.send('SUBSCRIBE', { channel_name: `room${i}`, since })
    await atRest()
    expect(ann.all('ERROR')).toHaveLength(50)
    const [connection] = node.core.hub.connections.values()
    expect(connection?.since?.size).toBe(0)
  })
})
