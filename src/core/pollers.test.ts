import { beforeEach, describe, expect, it } from 'vitest'
import {
  atRest,
  type CoreWorld,
  createCoreWorld,
  type Node,
} from '../../test/helpers/core-world.ts'
import { createChannel } from './operations/create-channel.ts'
import { destroyChannel } from './operations/destroy-channel.ts'
import { setChannelOptions } from './operations/set-channel-options.ts'
import type { WebAnswer } from './ports.ts'

let world: CoreWorld
/** When the app's page was fetched, in seconds from the start. */
let polls: number[]
let answer: () => WebAnswer

beforeEach(() => {
  polls = []
  answer = () => ({ status: 200, body: '1' })
  world = createCoreWorld({
    web: {
      check: async (url) => {
        if (url.includes('private')) throw new Error('is a private address')
      },
      fetch: async () => {
        polls.push((world.clock.now() - start) / 1000)
        return answer()
      },
    },
  })
  const start = world.clock.now()
})

const page = { mode: 'simple', interval: 10, url: 'http://app.test/page' }

async function poll(node: Node, polling: Record<string, unknown> = page): Promise<void> {
  await createChannel(node.core, { channel: 'room', options: { polling }, hook: 'skip' })
}

const isPollingLease = ([name]: readonly unknown[]) => String(name).startsWith('polling:')

describe('polling', () => {
  it('fetches once per interval, the first time after one', async () => {
    await poll(await world.node())
    await world.clock.advance(9000)
    expect(polls).toEqual([])
    await world.clock.advance(26_000)
    expect(polls).toEqual([10, 20, 30])
  })

  it('backs off while it fails, at most 300 s apart, and is as often as before once it succeeds', async () => {
    answer = () => ({ status: 500, body: '' })
    const node = await world.node()
    await poll(node)
    await world.clock.advance(1_400_000)
    const gaps = polls.map((second, index) => second - (polls[index - 1] ?? 0))
    expect(gaps).toEqual([10, 20, 40, 80, 160, 300, 300, 300])
    expect(node.telemetry.failures).toHaveLength(8)
    answer = () => ({ status: 200, body: '1' })
    await world.clock.advance(300_000)
    polls.length = 0
    await world.clock.advance(30_000)
    expect(polls).toHaveLength(3)
  })

  it.each(['leases.acquire', 'channels.commit'] as const)(
    'goes on after the store failed once: %s',
    async (call) => {
      const node = await world.node()
      await poll(node)
      await setChannelOptions(node.core, { channel: 'room', options: { history_size: 5 } })
      await world.clock.advance(15_000)
      node.faults.lose(call, call === 'leases.acquire' ? isPollingLease : undefined)
      await world.clock.advance(60_000)
      expect(node.telemetry.failures).toHaveLength(1)
      // One more wait of twice the interval.
      expect(polls.length).toBeGreaterThanOrEqual(5)
      expect(polls.at(-1)).toBeGreaterThan(60)
    },
  )

  it('goes on where its channel could not be read', async () => {
    const node = await world.node()
    await poll(node)
    node.faults.isDown = true
    await world.clock.advance(120_000)
    node.faults.isDown = false
    polls.length = 0
    await world.clock.advance(300_000)
    expect(polls.length).toBeGreaterThan(3)
  })

  it('begins anew with other options, and ends with them or with the channel', async () => {
    const node = await world.node()
    await poll(node)
    const set = (polling: Record<string, unknown>) =>
      setChannelOptions(node.core, { channel: 'room', options: { polling } })
    await world.clock.advance(9000)
    await set({ interval: 5 })
    await world.clock.advance(11_500)
    expect(polls).toEqual([14, 19])
    await set({ mode: '' })
    await world.clock.advance(60_000)
    expect(polls).toEqual([14, 19])
    await set({ mode: 'simple' })
    await destroyChannel(node.core, { channel: 'room', hook: 'skip' })
    await world.clock.advance(60_000)
    expect(polls).toEqual([14, 19])
  })

  it('ends with its node', async () => {
    const node = await world.node()
    await poll(node)
    const stopped = node.running.stop()
    await world.clock.advance(60_000)
    await stopped
    expect(polls).toEqual([])
    expect(await world.stores.leases.holder('polling:room')).toBeUndefined()
  })
})

describe('polling on several nodes', () => {
  it('is one node’s at a time', async () => {
    const nodes = [await world.node(), await world.node()]
    if (nodes[0] !== undefined) await poll(nodes[0])
    await world.clock.advance(65_000)
    for (const { core } of nodes) await core.pollers.takeOver()
    await world.clock.advance(36_000)
    expect(polls).toEqual([10, 20, 30, 40, 50, 60, 70, 80, 90, 100])
  })

  it('goes over to another one that is alive', async () => {
    const [dying] = [await world.node(), await world.node()]
    await poll(dying)
    await world.clock.advance(15_000)
    dying.faults.isDown = true
    polls.length = 0
    await world.clock.advance(120_000)
    expect(polls.length).toBeGreaterThanOrEqual(4)
    const gaps = polls.slice(1).map((second, index) => second - (polls[index] ?? 0))
    expect(new Set(gaps)).toEqual(new Set([10]))
  })

  it('goes on after a restart', async () => {
    const old = await world.node()
    await poll(old)
    const stopped = old.running.stop()
    await world.clock.advance(5000)
    await stopped
    await world.node()
    await world.clock.advance(29_000)
    expect(polls).toHaveLength(2)
  })
})

describe('polling options', () => {
  it('name an address that may be fetched', async () => {
    const node = await world.node()
    await expect(poll(node, { ...page, url: 'http://private.test/' })).rejects.toThrow(
      'Invalid value for option polling: url is a private address',
    )
  })

  it('are refused above the limit of polling channels; one that polls already may change', async () => {
    const node = await world.node({ settings: { maxPollingChannels: 1 } })
    await poll(node)
    const another = { channel: 'another', options: { polling: page }, hook: 'skip' } as const
    await expect(createChannel(node.core, another)).rejects.toMatchObject({
      code: 'too_many_polling_channels',
      limit: 'max-polling-channels',
    })
    await setChannelOptions(node.core, {
      channel: 'room',
      options: { polling: { interval: 20 } },
    })
    await atRest()
    expect((await world.stores.channels.list({ limit: 9 })).names).toEqual(['room'])
  })
})
