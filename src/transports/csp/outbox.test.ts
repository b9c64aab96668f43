import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CspOutbox } from './outbox.ts'
import { packetDataOf } from './packets.ts'

function push(outbox: CspOutbox, text: string): void {
  for (const data of packetDataOf({ text })) outbox.push(data)
}

function packetsAfter(outbox: CspOutbox, id: number): unknown {
  return JSON.parse(outbox.batchAfter(id)?.json ?? '[]')
}

describe('the outbox', () => {
  it('keeps what is not acknowledged', () => {
    const outbox = new CspOutbox()
    for (const text of ['a', 'b', 'c']) push(outbox, text)
    expect(packetsAfter(outbox, 1)).toEqual([
      [2, 0, 'b'],
      [3, 0, 'c'],
    ])
    outbox.acknowledge(2)
    outbox.acknowledge(1)
    expect([outbox.lastId, outbox.bytes]).toEqual([3, 3])
    expect(packetsAfter(outbox, 0)).toEqual([[3, 0, 'c']])
    expect(packetsAfter(outbox, 3)).toEqual([])
    expect(() => outbox.acknowledge(4)).toThrow('no such packet')
  })

  it('ends with the closing packet', () => {
    const outbox = new CspOutbox()
    expect(outbox.isClose(0)).toBe(false)
    outbox.pushClose()
    expect(packetsAfter(outbox, 0)).toEqual([[1, 0, null]])
    expect(outbox.isClose(1)).toBe(true)
  })

  it('lets nothing be lost, doubled or parted, whatever is written and acknowledged when', () => {
    const step = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.integer({ min: 60_000, max: 140_000 }).map((n) => '🙂'.repeat(n / 2)),
      fc.constantFrom('fetch' as const, 'lose' as const).map((act) => ({ act })),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const browser = new Browser()
        for (const act of steps) browser.act(act)
        browser.act({ act: 'fetch all' })
        expect(browser.read === browser.written).toBe(true)
        expect(browser.outbox.bytes).toBe(0)
      }),
      { numRuns: 50 },
    )
  })
})

type Act = string | { readonly act: 'fetch' | 'lose' | 'fetch all' }

/** A browser that takes batches of what is written. */
class Browser {
  readonly outbox = new CspOutbox()
  written = ''
  read = ''
  #last = 0

  act(act: Act): void {
    if (typeof act === 'string') {
      this.written += act
      push(this.outbox, act)
    } else if (act.act === 'lose') this.outbox.batchAfter(this.#last)
    else while (this.#fetch() && act.act === 'fetch all');
  }

  /** Takes one batch and acknowledges it; false if there was none. */
  #fetch(): boolean {
    const batch = this.outbox.batchAfter(this.#last)
    if (batch === undefined) return false
    for (const [id, , data] of JSON.parse(batch.json) as [number, number, string][]) {
      expect(id).toBe(this.#last + 1)
      expect(data.isWellFormed()).toBe(true)
      this.#last = id
      this.read += data
    }
    this.outbox.acknowledge(this.#last)
    return true
  }
}
