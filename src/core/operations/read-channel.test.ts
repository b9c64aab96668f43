import { beforeEach, describe, expect, it } from 'vitest'
import {
  atRest,
  type Browser,
  type CoreWorld,
  createCoreWorld,
  type Node,
} from '../../../test/helpers/core-world.ts'

const text = 'x'.repeat(500)

let world: CoreWorld
let node: Node
let ann: Browser

beforeEach(async () => {
  world = createCoreWorld()
  const options = { moderated: false, history_size: 100, history_publish_only: true }
  world.app.answers.set('create_channel', () => [true, options])
  world.app.answers.set('connect', () => [true, { name: 'ann' }])
  node = await world.node({ settings: { maxWaitingBytes: 5000, maxSnapshotBytes: 20_000 } })
  ann = node.open()
  ann.send('CONNECT', { version: 2, payload: null })
  await ann.next('CONNECTED')
  await ann.subscribe('room')
  for (let i = 0; i < 60; i += 1) ann.send('PUBLISH', { channel_name: 'room', payload: text })
  await atRest()
  ann.link.isStuck = true
})

/** Offsets of the page that HISTORY brings. */
async function page(query: object): Promise<number[]> {
  ann.send('HISTORY', { channel_name: 'room', ...query })
  await atRest()
  const [, , args] = ann.all('OK').at(-1) ?? []
  const history = (args?.['history'] ?? []) as [string, { offset: number }][]
  return history.map(([, { offset }]) => offset)
}

const isLess = (a: number, b: number) => a - b

describe('a page of HISTORY', () => {
  it('is not held against its reader', async () => {
    expect(await page({ limit: 20 })).toHaveLength(20)
    expect(ann.link.closed).toBeUndefined()
  })

  it('holds no more than a snapshot may, nearest to where it was asked for', async () => {
    for (const query of [{ limit: 60 }, { before: 50, limit: 40 }]) {
      const offsets = await page(query)
      ann.link.pendingBytes = 0
      expect(offsets.at(-1)).toBe('before' in query ? 49 : 60)
      expect(offsets).toHaveLength(33)
      expect(offsets).toEqual(offsets.toSorted(isLess))
    }
    const after = await page({ after: 10, limit: 40 })
    expect([after[0], after.length]).toEqual([11, 33])
  })

  it('waits until what was read before has been taken', async () => {
    for (let i = 0; i < 10; i += 1) ann.send('HISTORY', { channel_name: 'room', limit: 20 })
    await world.clock.advance(3000)
    const pages = () => ann.all('OK').filter(([, , args]) => 'history' in args).length
    expect(pages()).toBe(1)
    ann.link.pendingBytes = 0
    await world.clock.advance(1000)
    expect(pages()).toBe(2)
  })
})
