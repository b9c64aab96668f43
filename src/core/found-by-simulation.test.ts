import { beforeEach, describe, expect, it } from 'vitest'
import {
  atRest,
  type Browser,
  type CoreWorld,
  createCoreWorld,
  type Node,
} from '../../test/helpers/core-world.ts'
import { createLooseBus } from '../../test/helpers/loose-bus.ts'
import { destroyChannel } from './operations/destroy-channel.ts'
import { removeConnection } from './operations/disconnect.ts'
import { subscribe } from './operations/subscribe.ts'
import type { BusMessage, UserCommit } from './ports.ts'

/** What the simulation has found, each in as few steps as it takes (test/simulation). */

let world: CoreWorld
let isBusLost: boolean

beforeEach(() => {
  world = createCoreWorld()
  isBusLost = false
  serve({})
})

function serve(options: Record<string, unknown>): void {
  world.app.answers.set('create_channel', () => [
    true,
    { moderated: false, history_size: 50, history_publish_only: true, ...options },
  ])
}

function looseNode(): Promise<Node> {
  return world.node({ bus: (bus) => createLooseBus(bus, () => (isBusLost ? 0 : 1)) })
}

/** A link of version 2 whose CONNECT gives positions. */
async function resume(node: Node, user: string, since: Record<string, unknown>): Promise<Browser> {
  const browser = node.open()
  browser.send('CONNECT', { version: 2, payload: user, since })
  await browser.next('CONNECTED')
  return browser
}

function position(snapshot: readonly unknown[]): { epoch: unknown; offset: unknown } {
  const { epoch, offset } = snapshot[2] as Record<string, unknown>
  return { epoch, offset }
}

async function recordOf(user: string) {
  return (await world.stores.users.snapshot(user))?.subscriptions.map(({ channel }) => channel)
}

describe('a resume', () => {
  it('that cannot be covered shows no entry twice that comes while it is read', async () => {
    const node = await world.node({ settings: { maxSnapshotBytes: 2000 } })
    const ann = await node.login('ann')
    await ann.subscribe('room')
    const bob = await resume(node, 'bob', {})
    const since = position(await bob.subscribe('room'))
    for (let count = 0; count < 3; count += 1) ann.publish('room', 'x'.repeat(900))
    await atRest()
    const late = node.faults.holdAnswer('channels.history')
    bob.send('SUBSCRIBE', { channel_name: 'room', since })
    await late.done
    ann.publish('room', 'meanwhile')
    await atRest()
    late.release()
    const snapshot = await bob.subscribe('room')
    expect(snapshot[2]['recovered']).toBe(false)
    const history = snapshot[2]['history'] as [string, { payload: string }][]
    expect(history.filter(([, { payload }]) => payload === 'meanwhile')).toHaveLength(1)
  })

  it('succeeds at a node that is behind the one which told the client', async () => {
    const [ahead, behind] = [await looseNode(), await looseNode()]
    const bob = await behind.login('bob')
    await bob.subscribe('room')
    const ann = await resume(ahead, 'ann', {})
    const begin = position(await ann.subscribe('room'))
    isBusLost = true
    ann.send('PUBLISH', { channel_name: 'room', payload: 1 })
    await ann.next('PUBLISH')
    const again = await resume(behind, 'ann', { room: { ...begin, offset: 1 } })
    const snapshot = await again.next('SUBSCRIBE')
    expect(snapshot[2]).toMatchObject({ recovered: true, offset: 1, history: [] })
  })

  it('on a link that is in is told when the channel ends while it is read', async () => {
    const node = await world.node()
    const ann = await resume(node, 'ann', {})
    const since = position(await ann.subscribe('room'))
    await node.login('bob').then((bob) => bob.publish('room', 1))
    await atRest()
    const late = node.faults.holdAnswer('channels.history')
    ann.send('SUBSCRIBE', { channel_name: 'room', since })
    await late.done
    await destroyChannel(node.core, { channel: 'room', hook: 'skip' })
    late.release()
    await ann.next('UNSUBSCRIBE')
  })
})

describe('a node that has missed something', () => {
  it('shows with each publish who was in at its time', async () => {
    serve({ history_publish_only: false, presenceful: true })
    const [writing, reading] = [await looseNode(), await looseNode()]
    const bob = await reading.login('bob')
    await bob.subscribe('room')
    const ann = await writing.login('ann')
    const cid = await writing.login('cid')
    await cid.subscribe('room')
    isBusLost = true
    await ann.subscribe('room')
    ann.publish('room', 1)
    await atRest()
    ann.send('UNSUBSCRIBE', { channel_name: 'room' })
    await ann.next('UNSUBSCRIBE')
    ann.publish('room', 2)
    await atRest()
    await world.clock.advance(6000)
    expect(bob.all('PUBLISH').map(([, , { payload, presence }]) => [payload, presence])).toEqual([
      [1, ['bob', 'cid', 'ann']],
      [2, ['bob', 'cid']],
    ])
    const tail = bob.link.frames.all.map(([, name, { user }]) => `${name} ${user}`).slice(-4)
    expect(tail).toEqual(['SUBSCRIBE ann', 'PUBLISH ann', 'UNSUBSCRIBE ann', 'PUBLISH ann'])
  })

  it('asks about a join that it takes for another connection of somebody who is in', async () => {
    serve({ moderated_subscribe: true })
    world.app.answers.set('connect', ({ form }) => [
      true,
      {
        name: JSON.parse(form.find(([key]) => key === 'payload')?.[1] ?? ''),
        per_connection_subscriptions: true,
      },
    ])
    const [here, there] = [await looseNode(), await looseNode()]
    const first = await here.login('ann')
    await first.subscribe('room')
    const second = await there.login('ann')
    await atRest()
    isBusLost = true
    first.send('UNSUBSCRIBE', { channel_name: 'room' })
    await first.next('UNSUBSCRIBE')
    await atRest()
    world.app.answers.set('subscribe', () => [false, { error: 'no longer' }])
    second.send('SUBSCRIBE', { channel_name: 'room' })
    const [, , { msg }] = await second.next('ERROR')
    expect(msg).toBe('no longer')
    expect(await recordOf('ann')).toEqual([])
  })
})

describe('a node that knows a former life of a channel', () => {
  it('leaves a user in the present one', async () => {
    let isLost = false
    const drops = (message: BusMessage) => (isLost && message.type === 'committed' ? 0 : 1)
    const node = () => world.node({ bus: (bus) => createLooseBus(bus, drops) })
    const [here, there] = [await node(), await node()]
    world.app.answers.set('destroy_channel', () => {
      isLost = true
      return [true, {}]
    })
    const [first, second] = [await here.login('ann'), await there.login('ann')]
    await first.subscribe('room')
    await second.next('SUBSCRIBE')
    first.send('UNSUBSCRIBE', { channel_name: 'room' })
    await second.next('UNSUBSCRIBE')
    await atRest()
    first.send('SUBSCRIBE', { channel_name: 'room' })
    await second.next('SUBSCRIBE')
    expect(await recordOf('ann')).toEqual(['room'])
    second.publish('room', 'hello')
    expect((await second.next('PUBLISH'))[2]['payload']).toBe('hello')
  })
})

describe('a failing store', () => {
  it('that breaks a destroy off leaves nobody in the channel', async () => {
    const [here, there] = [await world.node(), await world.node()]
    const ann = await there.login('ann')
    await ann.subscribe('room')
    here.faults.lose('users.commit')
    const destroyed = destroyChannel(here.core, { channel: 'room', hook: 'skip' })
    await expect(destroyed).rejects.toThrow('does not answer')
    await ann.next('UNSUBSCRIBE')
    await world.clock.advance(15_000)
    expect(await recordOf('ann')).toEqual([])
  })

  it('that loses the answer to a last leave’s confirmation lets the channel go all the same', async () => {
    const node = await world.node()
    const ann = await node.login('ann')
    await ann.subscribe('room')
    node.faults.loseAnswer('users.commit', ([, commit]) =>
      (commit as UserCommit).changes.some(({ change }) => change === 'confirm'),
    )
    ann.send('UNSUBSCRIBE', { channel_name: 'room' })
    await ann.next('ERROR')
    expect(world.app.count('destroy_channel')).toBe(1)
  })

  it('that misses a user’s coming is told of it later, where others see it', async () => {
    serve({ server_presenceful: true, server_user_presence: ['ann'] })
    const node = await world.node()
    const bob = await node.login('bob')
    await bob.subscribe('room')
    await atRest()
    node.faults.lose('channels.commit')
    await node.login('ann')
    await atRest()
    expect(bob.all('STATE_UPDATE')).toEqual([])
    await world.clock.advance(31_000)
    expect((await bob.next('STATE_UPDATE'))[2]['updates']).toEqual({ ann: true })
  })

  it('that answers one of two tabs late lets neither hear of a channel it has left', async () => {
    const node = await world.node()
    const [one, two] = [await node.login('ann'), await node.login('ann')]
    node.faults.lose('channels.history')
    const late = node.faults.holdAnswer('channels.history')
    one.send('SUBSCRIBE', { channel_name: 'room' })
    await late.done
    await atRest()
    two.send('UNSUBSCRIBE', { channel_name: 'room' })
    await atRest()
    two.send('SUBSCRIBE', { channel_name: 'room' })
    await atRest()
    late.release()
    await atRest()
    two.send('UNSUBSCRIBE', { channel_name: 'room' })
    await atRest()
    const bob = await node.login('bob')
    await bob.subscribe('room')
    bob.publish('room', 'secret')
    await bob.next('PUBLISH')
    expect([...one.payloads, ...two.payloads]).toEqual([])
  })
})

describe('a SUBSCRIBE of whoever is just being attached', () => {
  it('is answered after the snapshot', async () => {
    const node = await world.node()
    const bob = await node.login('bob')
    await bob.subscribe('room')
    bob.publish('room', 1)
    const ann = await resume(node, 'ann', {})
    await atRest()
    const history = node.faults.holdAnswer('channels.history')
    const joined = subscribe(node.core, { channel: 'room', user: 'ann', hook: 'skip' })
    await history.done
    ann.send('SUBSCRIBE', { channel_name: 'room' })
    await atRest()
    const answered = () => ann.link.frames.all.slice(1).map(([, name]) => name)
    const early = answered()
    history.release()
    await joined
    await atRest()
    expect([early, answered()]).toEqual([['OK'], ['OK', 'SUBSCRIBE', 'OK']])
  })
})

describe('a node that has taken itself for dead', () => {
  it('ends the connections that it has taken out of their records', async () => {
    const node = await world.node()
    const ann = await node.login('ann')
    const [id = ''] = node.core.hub.connections.keys()
    await removeConnection(node.core, { user: 'ann', connection: id, only: undefined })
    expect(ann.link.closed).toBeUndefined()
    await world.clock.advance(6000)
    expect(ann.link.closed).toMatchObject({ code: 4006 })
  })
})
