import fc from 'fast-check'
import { expect, it } from 'vitest'
import { inOrder } from '../core/message-list.ts'
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

it('puts what is a link’s own into its place, and joins the rest once for all', () => {
  const joiner = new FrameJoiner()
  const messages = [a(), b()]
  const own = (after: number) => [{ after, message: { text: String(after) } }]
  const texts = [0, 1, 2].map((after) => joiner.join(messages, own(after))?.toString('latin1'))
  expect(texts).toEqual([
    '\x81\x010\x81\x01a\x81\x01b',
    '\x81\x01a\x81\x011\x81\x01b',
    '\x81\x01a\x81\x01b\x81\x012',
  ])
  expect(joiner.join(messages)?.toString('latin1')).toBe('\x81\x01a\x81\x01b')
  // Whatever is joined a second time gets a frame of its own.
  expect(messages).toEqual([a(), b()].map((message) => ({ ...message, framed: {} })))
  expect(joiner.join([], own(0))?.toString('latin1')).toBe('\x81\x010')
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
  expect(joiner.join([large], [{ after: 1, message: large }])).toBeUndefined()
  expect(joiner.join([large, large], [{ after: 0, message: a() }])).toBeUndefined()
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
      fc.array(fc.nat({ max: all.length - 1 }), { maxLength: 8 }),
      fc.array(fc.tuple(fc.nat(8), fc.nat({ max: all.length - 1 })), { maxLength: 3 }),
      fc.constantFrom('new', 'same'),
      fc.boolean(),
    ),
    { maxLength: 40 },
  )
  fc.assert(
    fc.property(lists, (steps) => {
      const joiner = new FrameJoiner()
      const messages = all.map((text) => ({ text }))
      const kept: [Buffer, Buffer][] = []
      let list: { text: string }[] = []
      for (const [picks, places, which, keeps] of steps) {
        if (which === 'new') list = picks.flatMap((pick) => messages[pick] ?? [])
        const own = places
          .map(([after, pick]) => ({
            after: Math.min(after, list.length),
            message: messages[pick] as { text: string },
          }))
          .sort((one, other) => one.after - other.after)
        const joined = joiner.join(list, own)
        const wanted = Buffer.concat(inOrder(list, own).map(({ text }) => frameOf({ text })))
        expect(joined?.equals(wanted)).toBe(true)
        if (joined === undefined || !keeps) continue
        joiner.keep()
        kept.push([joined, wanted])
      }
      for (const [joined, wanted] of kept) expect(joined.equals(wanted)).toBe(true)
    }),
  )
})
