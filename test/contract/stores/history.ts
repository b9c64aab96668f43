import { describe, expect, it } from 'vitest'
import { channelOf, create, entry, ids, publishDraft, start, upTo } from './fixtures.ts'
import type { StoresUnderTest } from './suite.ts'

/** Snapshots, resume, paging and what is kept. */
export function describeHistory(subject: StoresUnderTest): void {
  const room = () => channelOf(subject.stores())
  const publish = async (from: number, to: number, now = start) => {
    const numbers = upTo(to).slice(from - 1)
    await Promise.all(numbers.map((n) => room().done([entry(`p${n}`, { at: now })], now)))
  }
  const named = (from: number, to: number) =>
    upTo(to)
      .slice(from - 1)
      .map((n) => `p${n}`)

  describe('history', () => {
    it('shows the last history_size entries', async () => {
      await room().create()
      await publish(1, 25)
      const snapshot = await room().snapshot()
      expect(ids(snapshot?.history)).toEqual(named(16, 25))
      expect(snapshot?.history.map(({ offset }) => offset)).toEqual(upTo(25).slice(15))
      expect(ids((await room().snapshot({ limit: 3 }))?.history)).toEqual(named(23, 25))
      expect((await room().snapshot({ limit: 0 }))?.history).toEqual([])
    })

    it('shows nothing older than history_duration', async () => {
      await room().create(create({ history_duration: 60 }))
      await publish(1, 2)
      await publish(3, 4, start + 50_000)
      const shown = async (now: number) => ids((await room().snapshot({ now }))?.history)
      expect(await shown(start + 60_000)).toEqual(named(1, 4))
      expect(await shown(start + 60_001)).toEqual(named(3, 4))
      expect(await shown(start + 200_000)).toEqual([])
      expect(ids(await room().history({ now: start + 60_001, after: 0, limit: 1 }))).toEqual(['p3'])
    })

    it('resumes after a position with every missed entry, whatever is shown', async () => {
      await room().create(create({ history_size: 2 }))
      await publish(1, 30)
      const since = (offset: number, epoch = 'e1') => room().snapshot({ since: { epoch, offset } })
      const missed = await since(5)
      expect(missed?.covered).toBe(true)
      expect(ids(missed?.history)).toEqual(named(6, 30))
      expect(await since(30)).toMatchObject({ covered: true, history: [] })
      for (const other of [await since(31), await since(5, 'e0')]) {
        expect(other?.covered).toBe(false)
        expect(ids(other?.history)).toEqual(named(29, 30))
      }
      const cut = await room().snapshot({ since: { epoch: 'e1', offset: 5 }, limit: 24 })
      expect(cut?.covered).toBe(false)
    })

    it('keeps at least the last thousand entries for recovery, and not everything', async () => {
      await room().create(create({ history_size: 2 }))
      await publish(1, 1500)
      const resumed = await room().snapshot({ since: { epoch: 'e1', offset: 500 } })
      expect(resumed?.covered).toBe(true)
      expect(ids(resumed?.history)).toEqual(named(501, 1500))
      const all = await room().history({ scope: 'recovery', after: 0, limit: 5000 })
      expect(all.length).toBeLessThan(1400)
      expect(all.at(-1)?.offset).toBe(1500)
      expect((await room().snapshot({ since: { epoch: 'e1', offset: 1 } }))?.covered).toBe(false)
    })

    it('keeps what history_size shows, however old', async () => {
      await room().create(create({ history_size: 1300 }))
      await publish(1, 1400)
      await publish(1401, 1500, start + 3_600_000)
      const shown = await room().snapshot({ limit: 5000 })
      expect(ids(shown?.history)).toEqual(named(201, 1500))
    })

    it('lets entries go that are neither shown nor of the last five minutes', async () => {
      await room().create(create({ history_size: 2 }))
      await publish(1, 300)
      await publish(301, 310, start + 301_000)
      const kept = await room().history({ scope: 'recovery', after: 0 })
      expect(kept.length).toBeLessThan(200)
      expect(ids(kept.slice(-10))).toEqual(named(301, 310))
    })

    it('pages before and after an offset', async () => {
      await room().create(create({ history_size: 20 }))
      await publish(1, 30)
      const page = async (query: object) => ids(await room().history(query))
      expect(await page({ limit: 3 })).toEqual(named(28, 30))
      expect(await page({ before: 28, limit: 3 })).toEqual(named(25, 27))
      expect(await page({ before: 13, limit: 9 })).toEqual(named(11, 12))
      expect(await page({ after: 0, limit: 3 })).toEqual(named(11, 13))
      expect(await page({ after: 28, limit: 9 })).toEqual(named(29, 30))
      expect(await page({ after: 30 })).toEqual([])
      expect(await page({ after: 3, limit: 2, scope: 'recovery' })).toEqual(named(4, 5))
      expect(await page({ epoch: 'e0' })).toEqual([])
      expect(await page({ limit: 0 })).toEqual([])
    })

    it('is replaced by what the app gives, while offsets go on', async () => {
      await room().create()
      await publish(1, 5)
      const { entries } = await room().done([
        { change: 'history', entries: [publishDraft('h1'), publishDraft('h2')], staticHistory: [] },
      ])
      expect(entries.map(({ offset }) => offset)).toEqual([6, 7])
      await publish(8, 8)
      expect(ids((await room().snapshot())?.history)).toEqual(['h1', 'h2', 'p8'])
      const resumed = await room().snapshot({ since: { epoch: 'e1', offset: 4 } })
      expect(ids(resumed?.history)).toEqual(['p5', 'h1', 'h2', 'p8'])
    })

    it('of a channel without history is what the app gave, outside the log', async () => {
      await room().create(create({ history_size: 0 }, { staticHistory: [publishDraft('s1')] }))
      const snapshot = await room().snapshot()
      expect(snapshot?.history).toEqual([
        { ...publishDraft('s1'), epoch: 'e1', offset: 0, count: 0 },
      ])
      expect(snapshot?.head.offset).toBe(0)
      expect((await room().snapshot({ limit: 0 }))?.history).toEqual([])
      await room().done([
        { change: 'history', entries: [], staticHistory: [publishDraft('s2'), publishDraft('s3')] },
      ])
      expect(ids((await room().snapshot())?.history)).toEqual(['s2', 's3'])
      expect(await room().history({ after: 0 })).toEqual([])
    })

    it('goes on counting where a channel without history gets entries all the same', async () => {
      await room().create(create({ history_size: 0 }))
      await publish(1, 200)
      expect((await room().snapshot())?.head).toMatchObject({ offset: 200, count: 200 })
      expect((await room().snapshot())?.history).toEqual([])
    })

    it('follows a changed history_size, and hides for good what was cut off', async () => {
      await room().create()
      await publish(1, 8)
      const resize = (history_size: number) =>
        room().done([{ change: 'options', options: create({ history_size }).options }])
      const shown = async () => ids((await room().snapshot())?.history)
      await resize(3)
      expect(await shown()).toEqual(named(6, 8))
      await resize(5)
      await publish(9, 9)
      expect(await shown()).toEqual(named(6, 9))
      await resize(0)
      await resize(5)
      expect(await shown()).toEqual([])
      await publish(10, 10)
      expect(await shown()).toEqual(['p10'])
    })
  })
}
