import { inflateRawSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { deflatedFrameOf, FrameJoiner, frameOf } from './frame.ts'

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

describe('frames of one turn', () => {
  const a = { text: 'a' }
  const b = { text: 'b' }

  it('are joined once for all links that get the same messages', () => {
    const joiner = new FrameJoiner()
    const joined = joiner.join([a, b])
    expect(joined?.toString('latin1')).toBe('\x81\x01a\x81\x01b')
    expect(joiner.join([a, b])).toBe(joined)
    expect(joiner.join([b, a])?.toString('latin1')).toBe('\x81\x01b\x81\x01a')
    expect(joiner.join([a])?.toString('latin1')).toBe('\x81\x01a')
  })

  it('do not follow a list that changes later', () => {
    const joiner = new FrameJoiner()
    const list = [a, b]
    joiner.join(list)
    list[1] = a
    expect(joiner.join(list)?.toString('latin1')).toBe('\x81\x01a\x81\x01a')
  })

  it('are not copied together where they are large', () => {
    const large = { text: 'x'.repeat(600_000) }
    const joiner = new FrameJoiner()
    expect(joiner.join([large, large])).toBeUndefined()
    expect(joiner.join([a, b])).toBeDefined()
  })
})
