import { beforeEach, describe, expect, it, vi } from 'vitest'
import {
  atRest,
  type CoreWorld,
  createCoreWorld,
  type Node,
} from '../../../test/helpers/core-world.ts'
import { createChannel } from './create-channel.ts'
import { publish } from './publish.ts'
import { type AppPublish, type BatchOutcome, publishBatch } from './publish-batch.ts'
import { setChannelOptions } from './set-channel-options.ts'

let world: CoreWorld
let node: Node

beforeEach(async () => {
  world = createCoreWorld()
  node = await world.node()
  for (const channel of ['log', 'other'])
    await createChannel(node.core, {
      channel,
      options: { history_size: 10, moderated: false },
      hook: 'skip',
    })
  await createChannel(node.core, {
    channel: 'passing',
    options: { moderated: false },
    hook: 'skip',
  })
})

const to = (channel: string, payload: string, id?: string): AppPublish => ({
  channel,
  payload,
  originator: null,
  ...(id === undefined ? {} : { id }),
})

const offsets = (outcomes: readonly BatchOutcome[]) =>
  outcomes.map((outcome) => ('published' in outcome ? outcome.published.offset : 'refused'))

describe('a batch', () => {
  it('is one commit per channel, in order, with an offset for each', async () => {
    const commit = vi.spyOn(world.stores.channels, 'commit')
    const outcomes = await publishBatch(node.core, [
      to('log', '1'),
      to('other', '2'),
      to('log', '3', 'x'),
      to('log', '4'),
    ])
    expect(commit.mock.calls.map(([channel]) => channel)).toEqual(['log', 'other'])
    expect(offsets(outcomes)).toEqual([1, 1, 2, 3])
    const snapshot = await world.stores.channels.snapshot('log', { limit: 9, now: 0 })
    expect(snapshot?.history.map(({ content }) => content)).toEqual(['1', '3', '4'])
  })

  it('tells subscribers each of its entries', async () => {
    const ann = await node.login('ann')
    ann.send('SUBSCRIBE', { channel_name: 'log' })
    await atRest()
    await publishBatch(node.core, [to('log', '1'), to('log', '2')])
    await atRest()
    expect(ann.all('PUBLISH').map(([, , args]) => args['payload'])).toEqual([1, 2])
  })

  it('answers what was published before, and what cannot be, each for itself', async () => {
    await publish(
      node.core,
      { kind: 'app', originator: null, hook: 'skip' },
      { channel: 'log', payload: '1', id: 'a' },
    )
    const outcomes = await publishBatch(node.core, [
      to('log', '1', 'a'),
      to('log', '2', 'b'),
      to('log', '2', 'b'),
      to('log', '3', 'b'),
      to('log', '4', 'no id!'),
      to('missing', '5'),
      to('passing', '6'),
      to('log', '7'),
    ])
    expect(offsets(outcomes)).toEqual([1, 2, 2, 'refused', 'refused', 'refused', undefined, 3])
    expect(outcomes[0]).toMatchObject({ published: { duplicate: true } })
  })

  it('goes on where this node does not know the channel’s newest options yet', async () => {
    const elsewhere = await world.node()
    await publishBatch(node.core, [to('log', '1')])
    await setChannelOptions(elsewhere.core, { channel: 'log', options: { history_size: 20 } })
    expect(offsets(await publishBatch(node.core, [to('log', '2'), to('log', '3')]))).toEqual([2, 3])
  })

  it('fails the publishes to a store that is down, and no others', async () => {
    await publishBatch(node.core, [to('passing', '1')])
    node.faults.isDown = true
    const outcomes = await publishBatch(node.core, [to('log', '1'), to('passing', '2')])
    expect(outcomes).toEqual([
      { error: expect.any(Error) },
      { published: { at: expect.any(Number) } },
    ])
  })
})
