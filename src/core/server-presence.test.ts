import { beforeEach, describe, expect, it } from 'vitest'
import {
  atRest,
  type CoreWorld,
  createCoreWorld,
  type Node,
} from '../../test/helpers/core-world.ts'
import { createChannel } from './operations/create-channel.ts'
import { setChannelOptions } from './operations/set-channel-options.ts'

let world: CoreWorld
let node: Node

const watching = { server_presenceful: true, server_user_presence: ['ann', 'bob'] }

beforeEach(async () => {
  world = createCoreWorld()
  node = await world.node()
})

async function create(options: Record<string, unknown> = watching): Promise<void> {
  await createChannel(node.core, { channel: 'room', options, hook: 'skip' })
  await atRest()
}

async function shown(): Promise<Record<string, string>> {
  const snapshot = await world.stores.channels.snapshot('room', {
    limit: 0,
    now: world.clock.now(),
  })
  return Object.fromEntries(snapshot?.state ?? [])
}

describe('server presence', () => {
  it('shows who is connected when the channel begins', async () => {
    await node.login('ann')
    await create()
    expect(await shown()).toEqual({ ann: 'true', bob: 'false' })
  })

  it('follows first and last connections, on every node', async () => {
    const other = await world.node()
    await create()
    const tabs = [await node.login('ann'), await other.login('ann')]
    await other.login('eve')
    await atRest()
    expect(await shown()).toEqual({ ann: 'true', bob: 'false' })
    tabs[0]?.end()
    await atRest()
    expect(await shown()).toEqual({ ann: 'true', bob: 'false' })
    tabs[1]?.end()
    await atRest()
    expect(await shown()).toEqual({ ann: 'false', bob: 'false' })
  })

  it('tells the channel’s subscribers one change each', async () => {
    await create()
    const eve = await node.login('eve')
    await eve.subscribe('room')
    await node.login('bob')
    await atRest()
    expect(eve.all('STATE_UPDATE').map(([, , args]) => args['updates'])).toEqual([{ bob: true }])
  })

  it('shows the truth also where a user goes while its coming is being written', async () => {
    await create()
    const late = node.faults.holdAnswer('users.snapshot', ([user]) => user === 'ann')
    const ann = await node.login('ann')
    await late.done
    ann.end()
    await atRest()
    late.release()
    await atRest()
    expect(await world.stores.users.snapshot('ann')).toBeUndefined()
    expect(await shown()).toEqual({ ann: 'false', bob: 'false' })
  })

  it('shows the truth also where a user comes while the channel is being made', async () => {
    const late = node.faults.holdAnswer('users.snapshot', ([user]) => user === 'ann')
    await createChannel(node.core, { channel: 'room', options: watching, hook: 'skip' })
    await late.done
    await node.login('ann')
    await atRest()
    late.release()
    await atRest()
    expect(await shown()).toEqual({ ann: 'true', bob: 'false' })
  })

  it('begins when an option turns it on', async () => {
    await node.login('bob')
    await create({ server_user_presence: ['bob'] })
    expect(await shown()).toEqual({})
    await setChannelOptions(node.core, { channel: 'room', options: { server_presenceful: true } })
    await atRest()
    expect(await shown()).toEqual({ bob: 'true' })
  })

  it('comes back where the app replaces the state', async () => {
    await node.login('ann')
    await create()
    await setChannelOptions(node.core, { channel: 'room', options: { state: { topic: 'x' } } })
    await atRest()
    expect(await shown()).toEqual({ topic: '"x"', ann: 'true', bob: 'false' })
  })
})
