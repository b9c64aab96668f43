import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CspInbox } from './inbox.ts'

const packet = (id: number, data = String(id)) => ({ id, data })

function takeAll(inbox: CspInbox): unknown[] {
  const taken: unknown[] = []
  for (let next = inbox.take(); next !== undefined; next = inbox.take()) taken.push(next.data)
  return taken
}

describe('the inbox', () => {
  it('gives each packet once and in order, however often and late they come', () => {
    const arrivals = fc.integer({ min: 1, max: 60 }).chain((count) => {
      const ids = Array.from({ length: count }, (_, n) => n + 1)
      return fc.tuple(
        fc.constant(ids),
        fc.array(fc.constantFrom(...ids), { maxLength: 100 }),
        fc.shuffledSubarray(ids, { minLength: count }),
        fc.boolean(),
      )
    })
    fc.assert(
      fc.property(arrivals, ([ids, noise, all, eager]) => {
        const inbox = new CspInbox()
        const taken: unknown[] = []
        for (const id of [...noise, ...all]) {
          expect(inbox.put(packet(id))).toBe(true)
          if (eager) taken.push(...takeAll(inbox))
        }
        taken.push(...takeAll(inbox))
        expect(taken).toEqual(ids.map(String))
      }),
    )
  })

  it('has room for 256 packets ahead', () => {
    const inbox = new CspInbox()
    expect(inbox.put(packet(256))).toBe(true)
    expect(inbox.put(packet(257))).toBe(false)
    inbox.put(packet(1))
    inbox.take()
    expect(inbox.put(packet(257))).toBe(true)
  })

  it('keeps nothing of what it has given', () => {
    const inbox = new CspInbox()
    inbox.put(packet(1))
    inbox.take()
    expect(inbox.put(packet(1, 'x'.repeat(262_000)))).toBe(true)
    expect(inbox.put(packet(3, 'x'.repeat(262_000)))).toBe(true)
  })

  it('has room for 256 KiB, and for the one that is next', () => {
    const inbox = new CspInbox()
    expect(inbox.put(packet(2, 'é'.repeat(131_072)))).toBe(true)
    expect(inbox.put(packet(3, 'x'))).toBe(false)
    expect(inbox.put(packet(1, 'x'.repeat(100_000)))).toBe(true)
    expect(takeAll(inbox)).toHaveLength(2)
    expect(inbox.put(packet(3, 'x'))).toBe(true)
  })
})
