import fc from 'fast-check'
import { expect, it } from 'vitest'
import { deflatedFrameOf, frameOf } from './frame.ts'
import { FrameJoiner } from './frame-joiner.ts'

const a = () => ({ text: 'a' })
const b = () => ({ text: 'b' })

it('joins once for all links that get the same messages', () => {
  const joiner = new FrameJoiner()
  const messages = [a(), b()]
  const joined = joiner.join(messages)
  expect(joined?.toString('latin1')).toBe('\x81\x01a\x81\x01b')
  expect(joiner.join([...messages])).toBe(joined)
  expect(joiner.join(messages.toReversed())?.toString('latin1')).toBe('\x81\x01b\x81\x01a')
  expect(joiner.join(messages.slice(0, 1))?.toString('latin1')).toBe('\x81\x01a')
})

it('joins compressed frames too', () => {
  const message = { text: 'long'.repeat(500) }
  const joined = new FrameJoiner(deflatedFrameOf).join([message, a()])
  expect(joined).toEqual(Buffer.concat([deflatedFrameOf(message), frameOf(a())]))
})

it('does not copy large ones together', () => {
  const large = { text: 'x'.repeat(530_000) }
  const joiner = new FrameJoiner()
  expect(joiner.join([large, a()])).toBeDefined()
  expect(joiner.join([large, large])).toBeUndefined()
  expect(joiner.join([a(), b()])).toBeDefined()
})

it('uses a place again, but for what is kept or copied', () => {
  const joiner = new FrameJoiner()
  const first = joiner.join([a()])
  const second = joiner.join([b()])
  expect(second?.byteOffset).toBe(first?.byteOffset)
  joiner.keep()
  const third = joiner.join([a()])
  const copied = joiner.copied()
  expect(joiner.copied()).toBe(copied)
  expect(copied.buffer.byteLength).toBe(copied.length)
  joiner.join([{ text: 'c' }])
  expect(String(second)).toContain('b')
  expect(String(third)).toContain('c')
  expect(String(copied)).toContain('a')
})

it('goes back to a small place after a large join', () => {
  const joiner = new FrameJoiner()
  const large = joiner.join([{ text: 'x'.repeat(500_000) }, { text: '€'.repeat(100_000) }])
  expect(large?.buffer.byteLength).toBe(large?.length)
  joiner.keep()
  expect(joiner.join([a()])?.buffer.byteLength).toBe(16_384)
})

it('never changes what is kept, whatever comes in whatever lists', () => {
  const all = ['', 'a', 'é', 'x'.repeat(130), 'y'.repeat(5000), 'z'.repeat(20_000)]
  const lists = fc.array(
    fc.tuple(
      fc.array(fc.nat({ max: all.length - 1 }), { minLength: 1, maxLength: 8 }),
      fc.boolean(),
    ),
    { maxLength: 40 },
  )
  fc.assert(
    fc.property(lists, (steps) => {
      const joiner = new FrameJoiner()
      const messages = all.map((text) => ({ text }))
      const kept: [Buffer, Buffer][] = []
      for (const [picks, keeps] of steps) {
        const list = picks.flatMap((pick) => messages[pick] ?? [])
        const joined = joiner.join(list)
        const wanted = Buffer.concat(list.map(({ text }) => frameOf({ text })))
        expect(joined?.equals(wanted)).toBe(true)
        if (joined === undefined || !keeps) continue
        joiner.keep()
        kept.push([joined, wanted])
      }
      for (const [joined, wanted] of kept) expect(joined.equals(wanted)).toBe(true)
    }),
  )
})
