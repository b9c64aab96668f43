import { beforeEach, expect, it } from 'vitest'
import { atRest, type CoreWorld, createCoreWorld } from '../../../test/helpers/core-world.ts'
import { createLooseBus } from '../../../test/helpers/loose-bus.ts'
import type { BusMessage } from '../ports.ts'

let world: CoreWorld

beforeEach(() => {
  world = createCoreWorld()
  world.app.answers.set('create_channel', () => [true, { moderated: false }])
})

const losesUserHints = ({ type }: BusMessage) => (type === 'user' ? 0 : 1)

it('UNSUBSCRIBE counts also where this node has not heard yet that the user is in', async () => {
  const lossy = () => world.node({ bus: (bus) => createLooseBus(bus, losesUserHints) })
  const [here, there] = [await lossy(), await lossy()]
  const tabs = [await here.login('ann'), await there.login('ann')] as const
  await tabs[0].subscribe('room')
  tabs[1].send('UNSUBSCRIBE', { channel_name: 'room' })
  await atRest()
  expect((await world.stores.users.snapshot('ann'))?.subscriptions).toEqual([])
  await world.clock.advance(10_000)
  expect(tabs[0].all('UNSUBSCRIBE')).toHaveLength(1)
})
