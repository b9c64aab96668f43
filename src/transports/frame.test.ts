import { inflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { deflatedFrameOf, frameOf, maxFrameBytes, writeFrame } from './frame.ts'

describe('a frame', () => {
  it.each([
    [0, [0x81, 0]],
    [125, [0x81, 125]],
    [126, [0x81, 126, 0, 126]],
    [65_535, [0x81, 126, 255, 255]],
    [65_536, [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]],
  ])('of %i bytes has the head of RFC 6455', (length, head) => {
    const frame = frameOf({ text: 'a'.repeat(length) })
    expect([...frame.subarray(0, head.length)]).toEqual(head)
    expect(frame.length).toBe(head.length + length)
  })

  it('counts bytes, not characters', () => {
    expect([...frameOf({ text: 'é€' })]).toEqual([0x81, 5, ...Buffer.from('é€')])
  })

  it('is built once and kept beside the message', () => {
    const encoded = { text: 'x' }
    expect(frameOf(encoded)).toBe(frameOf(encoded))
  })
})

describe('a compressed frame', () => {
  it('is made once for all links, and is no more than its text', () => {
    const text = JSON.stringify(Array.from({ length: 100 }, (_, i) => ({ name: `user-${i}` })))
    const encoded = { text }
    const frame = deflatedFrameOf(encoded)
    expect(deflatedFrameOf(encoded)).toBe(frame)
    expect(frame.length).toBeLessThan(text.length / 2)
    expect([frame[0], frame[1]]).toEqual([0xc1, 126])
    const tail = Buffer.from([0, 0, 0xff, 0xff])
    const inflated = inflateRawSync(Buffer.concat([frame.subarray(4), tail]), { finishFlush: 2 })
    expect(String(inflated)).toBe(text)
  })

  it.each([10, 511, 300_000])('is a plain one for %i bytes', (length) => {
    const encoded = { text: 'x'.repeat(length) }
    expect(deflatedFrameOf(encoded)).toBe(frameOf(encoded))
  })
})

describe('a frame in a larger buffer', () => {
  const texts = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 300 }),
    fc.nat({ max: 300 }).map((length) => 'a'.repeat(length)),
    fc.constantFrom('é'.repeat(60), 'é'.repeat(64), '€'.repeat(30_000), 'a'.repeat(70_000)),
  )

  it('is the same as one by itself', () => {
    fc.assert(
      fc.property(texts, fc.nat({ max: 20 }), (text, at) => {
        const into = Buffer.alloc(at + maxFrameBytes(text))
        const end = writeFrame(text, into, at)
        expect(into.subarray(at, end).equals(frameOf({ text }))).toBe(true)
        expect(into.subarray(0, at).every((byte) => byte === 0)).toBe(true)
      }),
    )
  })
})
