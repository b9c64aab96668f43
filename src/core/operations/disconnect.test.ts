import { beforeEach, describe, expect, it } from 'vitest'
import { atRest, type CoreWorld, createCoreWorld } from '../../../test/helpers/core-world.ts'
import { createLooseBus } from '../../../test/helpers/loose-bus.ts'
import type { BusMessage, UserCommit } from '../ports.ts'
import { disconnectUser } from './disconnect.ts'

let world: CoreWorld

beforeEach(() => {
  world = createCoreWorld()
  world.app.answers.set('create_channel', () => [true, { moderated: false, presenceful: true }])
})

const isDisconnect = ([, commit]: readonly unknown[]) =>
  (commit as UserCommit).changes[0]?.change === 'disconnect'

const losesUserHints = ({ type }: BusMessage) => (type === 'user' ? 0 : 1)

/** Bob watches while ann's only link ends under a fault. */
async function endAnn(fault: 'lose' | 'loseAnswer', times = 1) {
  const node = await world.node()
  const bob = await node.login('bob')
  await bob.subscribe('room')
  const ann = await node.login('ann')
  await ann.subscribe('room')
  for (let i = 0; i < times; i += 1) node.faults[fault]('users.commit', isDisconnect)
  ann.end()
  await atRest()
  return { node, bob }
}

describe('the end of a link whose commit fails', () => {
  it('is carried out again until it succeeds: the user leaves and the app is told once', async () => {
    const { node, bob } = await endAnn('lose', 3)
    expect((await world.stores.users.snapshot('ann'))?.connections).toHaveLength(1)
    await world.clock.advance(10_000)
    expect(await world.stores.users.snapshot('ann')).toBeUndefined()
    expect(node.core.hub.users.has('ann')).toBe(false)
    expect(bob.all('UNSUBSCRIBE').map(([, , args]) => args['user'])).toEqual(['ann'])
    expect(world.app.told.filter(({ kind }) => kind === 'disconnect')).toHaveLength(1)
    expect(node.telemetry.failures.map(({ stage }) => stage)).toEqual(Array(3).fill('disconnect'))
  })

  it('leaves no trace where only its answer was lost', async () => {
    const { bob } = await endAnn('loseAnswer')
    await world.clock.advance(180_000)
    expect(await world.stores.users.snapshot('ann')).toBeUndefined()
    expect((await world.stores.channels.snapshot('room', { limit: 0, now: 0 }))?.presence).toEqual([
      expect.objectContaining({ user: 'bob' }),
    ])
    expect(bob.all('UNSUBSCRIBE').map(([, , args]) => args['user'])).toEqual(['ann'])
  })

  it('does not harm the user’s next link', async () => {
    const { node, bob } = await endAnn('lose')
    const again = await node.login('ann')
    await world.clock.advance(60_000)
    expect(again.link.closed).toBeUndefined()
    expect((await world.stores.users.snapshot('ann'))?.connections).toHaveLength(1)
    expect(bob.all('UNSUBSCRIBE')).toEqual([])
  })
})

describe('a connection that the store holds and this node does not', () => {
  it('is taken out by the sweep; links that are there stay', async () => {
    const node = await world.node()
    const ann = await node.login('ann')
    await world.stores.users.commit('ghost', {
      changes: [
        {
          change: 'connect',
          connection: { id: 'g', node: node.core.nodeId, protocol: 'hookbox', address: '' },
          inherit: true,
          options: (await world.stores.users.snapshot('ann'))?.options as never,
        },
      ],
      now: world.clock.now(),
    })
    await world.clock.advance(31_000)
    expect(await world.stores.users.snapshot('ghost')).toBeUndefined()
    expect((await world.stores.users.snapshot('ann'))?.connections).toHaveLength(1)
    expect(ann.link.closed).toBeUndefined()
  })
})

describe('a user whom the app disconnects', () => {
  it('loses every tab, also one on another node of which this one has not heard', async () => {
    const lossy = () => world.node({ bus: (bus) => createLooseBus(bus, losesUserHints) })
    const [here, there] = [await lossy(), await lossy()]
    const tabs = [await here.login('ann'), await there.login('ann')]
    await disconnectUser(here.core, 'ann')
    expect(tabs.map(({ link }) => link.closed?.code)).toEqual([4001, 4001])
  })
})
