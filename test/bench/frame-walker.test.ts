import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { serverFrame } from '../../bench/servers/turn-writer.ts'
import { FrameWalker } from '../../bench/wire/frame-walker.ts'

/** Feeds the bytes cut into pieces of `size`. */
function countIn(walker: FrameWalker, bytes: Buffer, size: number): number {
  let count = 0
  for (let at = 0; at < bytes.length; at += size) {
    count += walker.feed(bytes.subarray(at, at + size))
  }
  return count
}

describe('the frame walker', () => {
  it.each([1, 2, 3, 5, 7, 10_000])(
    'counts markers in frames that are cut every %i bytes',
    (size) => {
      const frames = ['a~b', '', '~', 'none', 'x~y~z'].map(serverFrame)
      const walker = new FrameWalker('~')
      expect(countIn(walker, Buffer.concat(frames), size)).toBe(4)
      expect(walker.frames).toBe(5)
    },
  )

  it.each([125, 126, 127, 65_535, 65_536, 70_000])(
    'walks a payload of %i bytes, whatever bytes its length is made of',
    (length) => {
      const frames = [`~${'x'.repeat(length - 1)}`, '~'].map(serverFrame)
      for (const size of [1, 4, 1000, 200_000]) {
        expect(countIn(new FrameWalker('~'), Buffer.concat(frames), size)).toBe(2)
      }
    },
  )

  it('does not take a length of 126, which is the byte of ~, for a marker', () => {
    const frame = serverFrame('x'.repeat(126))
    expect(frame[1]).toBe('~'.charCodeAt(0))
    const walker = new FrameWalker('~')
    expect(countIn(walker, Buffer.concat([frame, frame]), 300)).toBe(0)
    expect(countIn(walker, Buffer.concat([frame, serverFrame('~')]), 3)).toBe(1)
    expect(walker.frames).toBe(4)
  })

  it('counts neither in pings nor over the end of a message', () => {
    const ping = Buffer.from([0x89, 2, 126, 126])
    const walker = new FrameWalker('~')
    expect(countIn(walker, Buffer.concat([ping, serverFrame('~')]), 2)).toBe(1)
    const sequence = new FrameWalker('"OK"')
    expect(countIn(sequence, Buffer.concat(['"O', 'K"', '"OK"'].map(serverFrame)), 1)).toBe(1)
  })

  it('finds a sequence that is cut, also behind a beginning of itself', () => {
    const frame = serverFrame('[1,""OK",{}] ""O"OK"')
    for (let size = 1; size <= frame.length; size += 1) {
      expect(countIn(new FrameWalker('"OK"'), frame, size)).toBe(2)
    }
  })

  it('remembers the last frame without a marker, and that the server has closed', () => {
    const walker = new FrameWalker('~')
    const close = Buffer.from([0x88, 2, 3, 0xe8])
    walker.feed(Buffer.concat([serverFrame('an error'), serverFrame('~'), close]))
    expect(walker.lastOther).toBe('an error')
    expect(walker.isClosed).toBe(true)
  })

  it('counts what a plain search in the payloads counts, for all payloads and cuts', () => {
    const payloads = fc.array(
      fc.string({ unit: fc.constantFrom('~', 'a', '"', 'O', 'K'), maxLength: 300 }),
    )
    fc.assert(
      fc.property(payloads, fc.integer({ min: 1, max: 400 }), (texts, size) => {
        const bytes = Buffer.concat(texts.map(serverFrame))
        for (const marker of ['~', '"OK"']) {
          const expected = texts.reduce((sum, text) => sum + text.split(marker).length - 1, 0)
          expect(countIn(new FrameWalker(marker), bytes, size)).toBe(expected)
        }
      }),
      { numRuns: 200 },
    )
  })
})
