import { describe, expect, it } from 'vitest'
import { channelOf, notice, start, upTo } from './fixtures.ts'
import type { StoresUnderTest } from './suite.ts'

/** Notices and leases. */
export function describeOutboxAndLeases(subject: StoresUnderTest): void {
  const outbox = () => subject.stores().outbox
  const add = async (...notices: ReturnType<typeof notice>[]) => {
    const room = channelOf(subject.stores())
    await room.create()
    await room.done(notices.map((each) => ({ change: 'notice', notice: each })))
  }
  const due = async (now: number, limit = 10) =>
    (await outbox().due({ now, limit })).map(({ id }) => id)

  describe('the outbox', () => {
    it('gives notices whose time has come, oldest due first', async () => {
      await add(notice('b', start + 2), notice('c', start + 3), notice('a', start + 1))
      expect(await due(start)).toEqual([])
      expect(await due(start + 2)).toEqual(['a', 'b'])
      expect(await due(start + 9)).toEqual(['a', 'b', 'c'])
      expect(await due(start + 9, 1)).toEqual(['a'])
      expect(await outbox().due({ now: start + 1, limit: 1 })).toEqual([notice('a', start + 1)])
    })

    it('settles them: done, to be tried again, or dead', async () => {
      await add(notice('a'), notice('b'), notice('c'))
      await outbox().settle('a', { result: 'done' })
      await outbox().settle('b', { result: 'retry', due: start + 60 })
      await outbox().settle('c', { result: 'dead' })
      await outbox().settle('absent', { result: 'retry', due: start })
      expect(await outbox().stats()).toEqual({ waiting: 1, dead: 1 })
      expect(await due(start + 59)).toEqual([])
      expect(await outbox().due({ now: start + 60, limit: 9 })).toEqual([
        { ...notice('b', start + 60), tries: 1 },
      ])
      await outbox().settle('b', { result: 'done' })
      expect(await outbox().stats()).toEqual({ waiting: 0, dead: 1 })
    })

    it('has a notice once, however often its commit is repeated', async () => {
      await add(notice('a'), notice('a'))
      await channelOf(subject.stores()).done([{ change: 'notice', notice: notice('a') }])
      expect(await due(start)).toEqual(['a'])
      expect((await outbox().stats()).waiting).toBe(1)
      await outbox().settle('a', { result: 'done' })
      expect(await due(start)).toEqual([])
    })
  })

  describe('the outbox replaces', () => {
    it('one notice by others in one step, once', async () => {
      await add(notice('push', start + 1), notice('other', start + 1))
      const calls = [notice('call 1', start + 5), notice('call 2')].map(
        (each) => ({ ...each, kind: 'push_call' }) as const,
      )
      await outbox().replace(['push'], calls)
      expect(await outbox().stats()).toEqual({ waiting: 3, dead: 0 })
      expect(await outbox().due({ now: start, limit: 9 })).toEqual([calls[1]])
      expect(await due(start + 9)).toEqual(['call 2', 'other', 'call 1'])
      await outbox().replace(['push'], [notice('call 3')])
      await outbox().settle('call 2', { result: 'done' })
      await outbox().replace(['push'], calls)
      expect(await due(start + 9)).toEqual(['other', 'call 1'])
    })

    it('it by nothing, by itself, or by what is there already', async () => {
      await add(notice('a'), notice('b'), notice('c', start + 3))
      await outbox().replace(['a'], [])
      expect(await due(start + 9)).toEqual(['b', 'c'])
      await outbox().replace(['b'], [notice('b', start + 5), notice('c', start + 1), notice('d')])
      expect(await due(start + 9)).toEqual(['d', 'c', 'b'])
      expect(await outbox().due({ now: start + 3, limit: 9 })).toEqual([
        notice('d'),
        notice('c', start + 3),
      ])
      expect((await outbox().stats()).waiting).toBe(3)
    })

    it('several by others together, as far as they wait, and none where the first waits no more', async () => {
      await add(notice('a'), notice('b'), notice('c'), notice('d'))
      await outbox().settle('c', { result: 'done' })
      await outbox().replace(['b', 'a', 'c', 'unknown'], [notice('x', start + 1)])
      expect(await due(start + 1)).toEqual(['d', 'x'])
      await outbox().replace(['b', 'd'], [notice('another')])
      expect(await due(start + 1)).toEqual(['d', 'x'])
      await Promise.all([
        outbox().replace(['d', 'x'], [notice('x1')]),
        outbox().replace(['x', 'd'], [notice('x2')]),
      ])
      expect(await due(start)).toHaveLength(1)
      expect(await outbox().stats()).toEqual({ waiting: 1, dead: 0 })
    })

    it('it once, also where two do it at the same time', async () => {
      await add(notice('a'))
      await Promise.all([
        outbox().replace(['a'], [notice('x1')]),
        outbox().replace(['a'], [notice('x2')]),
        outbox().settle('a', { result: 'retry', due: start + 9 }),
      ])
      expect(await due(start + 99)).toEqual(['x1'])
      expect(await outbox().stats()).toEqual({ waiting: 1, dead: 0 })
    })
  })

  describe('dead notices', () => {
    const dead = async (query: { limit: number; after?: string }) => {
      const { notices, next } = await outbox().dead(query)
      return { ids: notices.map(({ id }) => id), next }
    }
    const bury = async (...ids: string[]) => {
      for (const id of ids) await outbox().settle(id, { result: 'dead' })
    }

    it('are listed in pages, the last to die first', async () => {
      await add(...['b', 'e', 'a', 'd', 'c', 'alive'].map((id) => notice(id)))
      expect(await outbox().dead({ limit: 9 })).toEqual({ notices: [] })
      await bury('b', 'e', 'a', 'd', 'c')
      expect(await dead({ limit: 5 })).toEqual({ ids: ['c', 'd', 'a', 'e', 'b'], next: undefined })
      const first = await dead({ limit: 2 })
      expect(first.ids).toEqual(['c', 'd'])
      await bury('alive')
      const second = await dead({ limit: 2, after: first.next as string })
      expect(second.ids).toEqual(['a', 'e'])
      expect((await dead({ limit: 2, after: second.next as string })).ids).toEqual(['b'])
      expect((await outbox().dead({ limit: 1 })).notices).toEqual([
        { ...notice('alive'), tries: 1 },
      ])
    })

    it('are due at once and without tries when replayed', async () => {
      await add(notice('a', start - 5), notice('b'))
      await bury('a', 'b')
      subject.setNow(start + 77)
      expect(await outbox().replay('a')).toBe(true)
      expect(await outbox().replay('a')).toBe(false)
      expect(await outbox().replay('absent')).toBe(false)
      expect(await outbox().stats()).toEqual({ waiting: 1, dead: 1 })
      expect(await due(start + 76)).toEqual([])
      expect(await outbox().due({ now: start + 77, limit: 9 })).toEqual([notice('a', start + 77)])
      expect((await dead({ limit: 9 })).ids).toEqual(['b'])
      await bury('a')
      expect((await dead({ limit: 9 })).ids).toEqual(['a', 'b'])
      expect(await Promise.all([outbox().replay('b'), outbox().replay('b')])).toEqual([true, false])
    })

    it('are kept up to the newest ten thousand', async () => {
      const names = upTo(10_003).map((n) => `n${n}`)
      await add(...names.map((id) => notice(id)))
      await bury('n1', 'n2', 'n3')
      await Promise.all(names.slice(3, -1).map((id) => bury(id)))
      await bury('n10003')
      expect(await outbox().stats()).toEqual({ waiting: 0, dead: 10_000 })
      const { ids } = await dead({ limit: 20_000 })
      expect(ids[0]).toBe('n10003')
      expect([...ids].sort()).toEqual(names.slice(3).sort())
      expect(await outbox().replay('n3')).toBe(false)
    })
  })

  describe('leases', () => {
    const leases = () => subject.stores().leases

    it('have one owner at a time', async () => {
      expect(await leases().acquire('poll', 'n1', 1000)).toBe(true)
      expect(await leases().acquire('poll', 'n2', 1000)).toBe(false)
      expect(await leases().acquire('poll', 'n1', 1000)).toBe(true)
      expect(await leases().holder('poll')).toBe('n1')
      await leases().release('poll', 'n2')
      expect(await leases().holder('poll')).toBe('n1')
      await leases().release('poll', 'n1')
      expect(await leases().holder('poll')).toBeUndefined()
      expect(await leases().acquire('poll', 'n2', 1000)).toBe(true)
    })

    it('run out unless renewed, by the store’s clock', async () => {
      await leases().acquire('poll', 'n1', 1000)
      subject.setNow(start + 999)
      expect(await leases().renew('poll', 'n1', 1000)).toBe(true)
      subject.setNow(start + 1998)
      expect(await leases().holder('poll')).toBe('n1')
      subject.setNow(start + 1999)
      expect(await leases().holder('poll')).toBeUndefined()
      expect(await leases().renew('poll', 'n1', 1000)).toBe(false)
      expect(await leases().acquire('poll', 'n2', 1000)).toBe(true)
      expect(await leases().renew('poll', 'n1', 1000)).toBe(false)
    })
  })

  describe('check', () => {
    it('resolves while the store answers and rejects after it was closed', async () => {
      await subject.stores().check()
      await subject.stores().close()
      await expect(subject.stores().check()).rejects.toThrow('closed')
    })
  })
}
