import { describe, expect, it } from 'vitest'
import type { ChannelChange, PublishClaim } from '../../../src/core/ports.ts'
import { channelOf, claimOf, publishDraft, start, upTo } from './fixtures.ts'
import type { StoresUnderTest } from './suite.ts'

/** Exactly once in (G4). */
export function describeClaims(subject: StoresUnderTest): void {
  const room = () => channelOf(subject.stores())
  const claim = (id: string, more: Partial<PublishClaim> = {}): ChannelChange => ({
    change: 'claim',
    claim: claimOf(id, more),
  })
  const release = (id: string): ChannelChange => ({ change: 'release', claim: claimOf(id) })
  const complete = (id: string, more: Partial<PublishClaim> = {}): ChannelChange => ({
    change: 'entry',
    draft: publishDraft(id, { at: start + 5 }),
    claim: claimOf(id, more),
  })
  const outcome = async (change: ChannelChange, now = start) =>
    (await room().commit([change], { now })).outcome

  describe('publish ids', () => {
    it('are claimed once, completed once, and then answer the first result', async () => {
      await room().create()
      const claimed = await room().commit([claim('x')])
      expect(claimed).toMatchObject({
        outcome: 'committed',
        committed: { entries: [], head: { offset: 0, version: 1 } },
      })
      expect(await outcome(claim('x'))).toBe('pending')
      expect(await outcome(claim('x', { digest: 'other' }))).toBe('reused')
      expect(await outcome(claim('x', { user: 'bob' }))).toBe('committed')
      expect(await outcome(complete('x'))).toBe('committed')
      const repeat = { outcome: 'duplicate', position: { epoch: 'e1', offset: 1 }, at: start + 5 }
      expect(await room().commit([claim('x')])).toEqual(repeat)
      expect(await room().commit([complete('x')])).toEqual(repeat)
      expect(await outcome(complete('x', { digest: 'other' }))).toBe('reused')
      expect((await room().snapshot())?.head.offset).toBe(1)
    })

    it('may be claimed and completed by one commit', async () => {
      await room().create()
      const both = await Promise.all([
        room().commit([complete('x')]),
        room().commit([complete('x')]),
      ])
      expect(both.map((result) => result.outcome)).toEqual(['committed', 'duplicate'])
      expect((await room().snapshot())?.history).toHaveLength(1)
    })

    it('are free again after a refusal, but not after their entry', async () => {
      await room().create()
      await room().done([claim('x')])
      await room().done([release('x')])
      expect(await outcome(claim('x', { digest: 'other' }))).toBe('committed')
      await room().done([complete('y')])
      await room().done([release('y')])
      expect(await outcome(claim('y'))).toBe('duplicate')
    })

    it('whose claimer has died may be taken over after a minute', async () => {
      await room().create()
      await room().done([claim('x')])
      expect(await outcome(claim('x'), start + 59_999)).toBe('pending')
      expect(await outcome(claim('x'), start + 60_000)).toBe('committed')
      expect(await outcome(claim('x'), start + 60_001)).toBe('pending')
      expect(await outcome(complete('x'), start + 60_002)).toBe('committed')
      expect(await outcome(complete('x'), start + 60_003)).toBe('duplicate')
    })

    it('are remembered for a day', async () => {
      await room().create()
      await room().done([complete('x')])
      const day = 24 * 60 * 60 * 1000
      expect(await outcome(claim('x'), start + day - 1)).toBe('duplicate')
      expect(await outcome(complete('x'), start + day)).toBe('committed')
      expect(await outcome(complete('x'), start + 2 * day - 1)).toBe('duplicate')
    })

    it('are remembered up to the last thousand of a user', async () => {
      await room().create()
      await Promise.all(upTo(1001).map((n) => room().done([complete(`x${n}`)])))
      expect(await outcome(claim('x2'))).toBe('duplicate')
      expect(await outcome(claim('x1001'))).toBe('duplicate')
      expect(await outcome(claim('x1'))).toBe('committed')
    })
  })
}
