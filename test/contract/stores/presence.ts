import { describe, expect, it } from 'vitest'
import { channelOf, create, ids, presence, publishDraft, start, upTo } from './fixtures.ts'
import type { StoresUnderTest } from './suite.ts'

/** Enter and leave with their generations. */
export function describePresence(subject: StoresUnderTest): void {
  const room = () => channelOf(subject.stores())
  const users = async () => (await room().snapshot())?.presence.map(({ user }) => user)

  describe('presence', () => {
    it('lists subscribers in joining order and tells the first and the last', async () => {
      await room().create()
      expect(await room().commit([presence('enter', 'zoe', 1)])).toMatchObject({
        first: true,
        last: false,
        committed: { entered: [{ user: 'zoe', generation: 1, at: start }], head: { version: 2 } },
      })
      expect(await room().commit([presence('enter', 'ann', 2)])).toMatchObject({ first: false })
      expect(await users()).toEqual(['zoe', 'ann'])
      expect(await room().commit([presence('leave', 'zoe', 3)])).toMatchObject({
        last: false,
        committed: { left: [{ user: 'zoe', generation: 3, at: start }] },
      })
      await room().commit([presence('enter', 'zoe', 4)])
      expect(await users()).toEqual(['ann', 'zoe'])
      const both = [presence('leave', 'ann', 5), presence('leave', 'zoe', 5)]
      expect(await room().commit(both)).toMatchObject({ last: true })
      expect(await room().snapshot()).toMatchObject({ presence: [], everSubscribed: true })
    })

    it('writes the entry of a join or leave only where it happened', async () => {
      await room().create()
      const change = (kind: 'join' | 'leave', id: string, generation: number) => ({
        change: kind === 'join' ? ('enter' as const) : ('leave' as const),
        user: 'ann',
        generation,
        at: start,
        entry: publishDraft(id, { kind, content: '' }),
      })
      expect((await room().done([change('leave', 'l0', 1)])).entries).toEqual([])
      const joined = await room().done([change('join', 'j1', 2)])
      expect(joined.entered).toEqual([{ user: 'ann', generation: 2, at: start, offset: 1 }])
      const again = await room().done([change('join', 'j2', 3)])
      expect(again).toMatchObject({ entered: [], entries: [], head: { offset: 1, version: 2 } })
      const left = await room().done([change('leave', 'l1', 4)])
      expect(left.left).toEqual([{ user: 'ann', generation: 4, at: start, offset: 2 }])
      expect(ids((await room().snapshot())?.history)).toEqual(['j1', 'l1'])
    })

    it('moves the generation of a user who is in already', async () => {
      await room().create()
      await room().done([presence('enter', 'ann', 5)])
      await room().done([presence('enter', 'ann', 4)])
      await room().done([presence('enter', 'ann', 8)])
      expect((await room().snapshot())?.presence).toMatchObject([{ user: 'ann', generation: 8 }])
      expect((await room().done([presence('leave', 'ann', 7)])).left).toEqual([])
      expect((await room().done([presence('leave', 'ann', 8)])).left).toHaveLength(1)
    })

    it('ignores an enter that is older than the leave, wherever it was held up', async () => {
      await room().create()
      await room().done([presence('enter', 'ann', 5)])
      await room().done([presence('leave', 'ann', 9)])
      await room().done([presence('enter', 'ann', 7)])
      await room().done([presence('leave', 'bob', 9)])
      await room().done([presence('enter', 'bob', 8)])
      expect(await users()).toEqual([])
      await room().done([presence('enter', 'ann', 10), presence('enter', 'bob', 10)])
      expect(await users()).toEqual(['ann', 'bob'])
    })

    it('takes leave and join of one commit in their order', async () => {
      await room().create()
      await room().done([presence('enter', 'ann', 1), presence('enter', 'bob', 1)])
      const done = await room().commit([presence('leave', 'ann', 2), presence('enter', 'ann', 3)])
      expect(done).toMatchObject({ first: false, last: false, committed: { head: { version: 3 } } })
      expect(await users()).toEqual(['bob', 'ann'])
    })

    it('remembers the last thousand who left, for five minutes', async () => {
      await room().create(create({ history_size: 0 }))
      await room().done(upTo(1100).map((n) => presence('leave', `u${n}`, 5)))
      await room().done([presence('leave', 'last', 5)])
      const done = await room().done([presence('enter', 'u1100', 4), presence('enter', 'u200', 4)])
      expect(done.entered).toEqual([])
      const later = start + 5 * 60 * 1000 + 1
      await room().done([presence('leave', 'other', 5)], later)
      expect((await room().done([presence('enter', 'u300', 4)], later)).entered).toHaveLength(1)
    })
  })
}
