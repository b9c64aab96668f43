import { beforeEach, describe, expect, it } from 'vitest'
import {
  atRest,
  type Browser,
  type CoreWorld,
  createCoreWorld,
  type Node,
} from '../../test/helpers/core-world.ts'
import type { StoreCall } from '../../test/helpers/faults.ts'
import { createLooseBus } from '../../test/helpers/loose-bus.ts'

let world: CoreWorld

beforeEach(() => {
  world = createCoreWorld()
  world.app.answers.set('create_channel', () => [true, { moderated: false, history_size: 5 }])
})

const nothing = () => 0

/** Two nodes whose bus loses everything: ann has a tab on each, bob reads on the second. */
async function startApart() {
  const here = await world.node({ bus: (bus) => createLooseBus(bus, nothing) })
  const there = await world.node({ bus: (bus) => createLooseBus(bus, nothing) })
  const bob = await there.login('bob')
  await bob.subscribe('log')
  const tabs = [await here.login('ann'), await there.login('ann')] as const
  await world.clock.advance(10_000)
  return { there, bob, tabs }
}

async function actHere(ann: Browser): Promise<void> {
  await ann.subscribe('room')
  ann.publish('log', 'lost on the bus')
  await atRest()
}

function seen(bob: Browser, tab: Browser) {
  return {
    log: bob.payloads,
    channels: tab.all('SUBSCRIBE').map(([, , args]) => args['channel_name']),
  }
}

describe('what the bus has lost', () => {
  it('is read from the store within the heal interval', async () => {
    const { bob, tabs } = await startApart()
    await actHere(tabs[0])
    expect(seen(bob, tabs[1])).toEqual({ log: [], channels: [] })
    await world.clock.advance(6000)
    expect(seen(bob, tabs[1])).toEqual({ log: ['lost on the bus'], channels: ['room'] })
  })

  it('is carried out also where this node has committed the user again since', async () => {
    const { bob, tabs } = await startApart()
    await actHere(tabs[0])
    await tabs[1].subscribe('other')
    await world.clock.advance(6000)
    expect(seen(bob, tabs[1]).channels.sort()).toEqual(['other', 'room'])
    expect(tabs[0].all('SUBSCRIBE')).toHaveLength(2)
  })

  it('is nothing of what a node has committed itself: that is not read again', async () => {
    const { there, bob } = await startApart()
    const eve = await there.login('eve')
    await eve.subscribe('log')
    bob.publish('log', 'mine')
    eve.send('UNSUBSCRIBE', { channel_name: 'log' })
    await atRest()
    there.faults.calls.length = 0
    await world.clock.advance(6000)
    const calls = there.faults.calls.map(({ call }) => call)
    expect(calls).toContain('channels.changed')
    expect(calls.filter((call) => call.endsWith('.snapshot'))).toEqual([])
    expect(bob.payloads).toEqual(['mine'])
  })

  const reads: StoreCall[] = [
    'channels.changed',
    'users.changed',
    'channels.snapshot',
    'users.snapshot',
  ]

  it.each(reads)('is asked for again where %s failed', async (call) => {
    const { there, bob, tabs } = await startApart()
    await actHere(tabs[0])
    there.faults.lose(call)
    await world.clock.advance(5500)
    const missed = seen(bob, tabs[1])
    expect(missed).not.toEqual({ log: ['lost on the bus'], channels: ['room'] })
    await world.clock.advance(5500)
    expect(seen(bob, tabs[1])).toEqual({ log: ['lost on the bus'], channels: ['room'] })
    expect(there.telemetry.failures).not.toEqual([])
  })
})

describe('an entry that only its author gets', () => {
  it('comes once to each of the author’s tabs, also where the bus repeats it', async () => {
    world.app.answers.set('create_channel', () => [true, {}])
    world.app.answers.set('publish', () => [true, { only_to_sender: true }])
    const twice = (): Promise<Node> => world.node({ bus: (bus) => createLooseBus(bus, () => 2) })
    const [here, there] = [await twice(), await twice()]
    const tabs = [await here.login('ann'), await there.login('ann')]
    await tabs[0]?.subscribe('room')
    await atRest()
    for (const number of [1, 2]) tabs[0]?.publish('room', number)
    await atRest()
    expect(tabs.map(({ payloads }) => payloads)).toEqual([
      [1, 2],
      [1, 2],
    ])
  })
})

describe('a channel', () => {
  it('that nobody here has used for a minute is forgotten, one in use is not', async () => {
    const node = await world.node()
    const ann = await node.login('ann')
    await ann.subscribe('kept')
    ann.publish('idle', 1)
    await atRest()
    expect([...node.core.hub.channels.keys()]).toEqual(['kept', 'idle'])
    await world.clock.advance(95_000)
    expect([...node.core.hub.channels.keys()]).toEqual(['kept'])
    ann.publish('idle', 2)
    await atRest()
    expect([...node.core.hub.channels.keys()]).toEqual(['kept', 'idle'])
  })
})
