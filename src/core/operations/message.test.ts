import { beforeEach, describe, expect, it } from 'vitest'
import { atRest, type CoreWorld, createCoreWorld } from '../../../test/helpers/core-world.ts'
import { createLooseBus } from '../../../test/helpers/loose-bus.ts'
import type { BusMessage } from '../ports.ts'

let world: CoreWorld

beforeEach(() => {
  world = createCoreWorld()
})

const losesUserHints = ({ type }: BusMessage) => (type === 'user' ? 0 : 1)

describe('MESSAGE', () => {
  it('reaches a tab on another node of which this one has not heard', async () => {
    const lossy = () => world.node({ bus: (bus) => createLooseBus(bus, losesUserHints) })
    const [here, there] = [await lossy(), await lossy()]
    const tabs = [await here.login('bob'), await there.login('bob')]
    const ann = await here.login('ann')
    ann.send('MESSAGE', { name: 'bob', payload: '"hello"' })
    await atRest()
    for (const tab of tabs) {
      expect(tab.all('MESSAGE').map(([, , args]) => args['payload'])).toEqual(['hello'])
    }
  })

  it('is delivered without an error although the user’s other tab is on a dead node', async () => {
    const dead = await world.node()
    await dead.login('bob')
    dead.faults.isDown = true
    await dead.core.bus.close()
    await world.clock.advance(31_000)
    // This one has not been alive for long enough to expire anybody.
    const living = await world.node()
    const [bob, ann] = [await living.login('bob'), await living.login('ann')]
    expect((await world.stores.users.snapshot('bob'))?.connections).toHaveLength(2)
    ann.send('MESSAGE', { name: 'bob', payload: '1' })
    await atRest()
    expect([bob.all('MESSAGE').length, ann.all('MESSAGE').length]).toEqual([1, 1])
    expect(ann.all('ERROR')).toEqual([])
  })
})
