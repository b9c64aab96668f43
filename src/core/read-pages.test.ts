import { describe, expect, it } from 'vitest'
import { createCoreWorld } from '../../test/helpers/core-world.ts'
import { readNewest, readOldest } from './read-pages.ts'

/** A channel of ten thousand bytes at most in a snapshot, with so many entries of so many bytes. */
async function channelOf(count: number, bytes: number) {
  const world = createCoreWorld()
  world.app.answers.set('create_channel', () => [
    true,
    { moderated: false, history_size: 5000, history_publish_only: true },
  ])
  const node = await world.node({ settings: { maxSnapshotBytes: 100_000 } })
  const ann = await node.login('ann')
  await ann.subscribe('room')
  const epoch = node.core.hub.channels.get('room')?.head.epoch ?? ''
  const draft = { kind: 'publish', at: 0, author: {}, encoding: 'json' } as const
  const content = JSON.stringify('x'.repeat(bytes))
  await world.stores.channels.commit('room', {
    expect: {},
    changes: Array.from({ length: count }, (_, index) => ({
      change: 'entry' as const,
      draft: { ...draft, id: `i${index}`, content },
    })),
    now: 0,
  })
  const limits: number[] = []
  const { channels } = node.core.stores
  const core = {
    ...node.core,
    stores: {
      ...node.core.stores,
      channels: {
        ...channels,
        history: (name: string, query: Parameters<typeof channels.history>[1]) => {
          limits.push(query.limit)
          return channels.history(name, query)
        },
      },
    },
  } as typeof node.core
  const read = async (query: { limit: number; after?: number; before?: number }) => {
    const wish = { epoch, before: count + 1, scope: 'shown', ...query } as const
    return (await readNewest(core, 'room', wish)).map(({ offset }) => offset)
  }
  const readFrom = async (after: number, limit: number) => {
    const entries = await readOldest(core, 'room', { epoch, after, limit, scope: 'shown' })
    return entries.map(({ offset }) => offset)
  }
  return { read, readFrom, limits }
}

const upTo = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index)

describe('the newest entries', () => {
  it('are read to the last, whatever the pages', async () => {
    const { read } = await channelOf(400, 10)
    expect(await read({ limit: 1000 })).toEqual(upTo(1, 400))
    expect(await read({ limit: 32 })).toEqual(upTo(369, 400))
    expect(await read({ limit: 33 })).toEqual(upTo(368, 400))
    expect(await read({ limit: 1000, after: 100 })).toEqual(upTo(101, 400))
    expect(await read({ limit: 10, before: 11, after: 4 })).toEqual(upTo(5, 10))
    expect(await read({ limit: 0 })).toEqual([])
    expect(await read({ limit: 5, after: 400 })).toEqual([])
  })

  it('are read in few pages where they are small, and not beyond what fits where they are large', async () => {
    const small = await channelOf(1000, 10)
    expect(await small.read({ limit: 500 })).toHaveLength(500)
    expect(small.limits).toEqual([32, 468])
    const large = await channelOf(1000, 10_000)
    expect(await large.read({ limit: 1000 })).toHaveLength(32)
    expect(large.limits).toEqual([32])
  })
})

describe('the oldest entries', () => {
  it('are read from an offset on, to the last', async () => {
    const { readFrom } = await channelOf(400, 10)
    expect(await readFrom(0, 1000)).toEqual(upTo(1, 400))
    expect(await readFrom(100, 33)).toEqual(upTo(101, 133))
    expect(await readFrom(395, 32)).toEqual(upTo(396, 400))
    expect(await readFrom(400, 10)).toEqual([])
  })

  it('are not read beyond what fits', async () => {
    const { readFrom, limits } = await channelOf(1000, 10_000)
    expect(await readFrom(5, 1000)).toEqual(upTo(6, 37))
    expect(limits).toEqual([32])
  })
})
