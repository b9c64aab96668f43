import { describe, expect, it } from 'vitest'
import { channelOf, notice, start } from './fixtures.ts'
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
