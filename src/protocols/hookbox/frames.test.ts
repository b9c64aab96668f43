import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { buildFrame, escapeNonAscii, FrameDecoder } from './frames.ts'

/** What a decoder gives for texts handed in one after the other. */
function decodeAll(decoder: FrameDecoder, texts: readonly string[]): string[] {
  return texts.flatMap((text) => [...decoder.push(text)])
}

/** The same with the short way for texts that are one frame. */
function decodeShort(decoder: FrameDecoder, texts: readonly string[]): string[] {
  return texts.flatMap((text) => decoder.whole(text) ?? [...decoder.push(text)])
}

/** The text cut at the given places. */
function cutAt(text: string, places: readonly number[]): string[] {
  const sorted = [0, ...places.map((place) => place % (text.length + 1)), text.length]
  sorted.sort((a, b) => a - b)
  return sorted.slice(1).map((end, index) => text.slice(sorted[index], end))
}

describe('FrameDecoder', () => {
  it('gives the same frames however the stream is cut', () => {
    const unit = fc.constantFrom('a', '\r', '\n', '"', 'é', '😀', ' ')
    const frame = fc.string({ unit, maxLength: 12 }).filter((text) => !text.includes('\r\n'))
    fc.assert(
      fc.property(fc.array(frame), fc.array(fc.nat()), (frames, places) => {
        const stream = frames.map((text) => `${text}\r\n`).join('')
        const decoder = new FrameDecoder(1000)
        expect(decodeAll(decoder, cutAt(stream, places))).toEqual(frames)
        expect(decoder.pending).toBe(false)
        expect(decodeShort(decoder, cutAt(stream, places))).toEqual(frames)
        expect(
          decodeShort(
            decoder,
            frames.map((text) => `${text}\r\n`),
          ),
        ).toEqual(frames)
      }),
      { numRuns: 500 },
    )
  })

  it('takes a stream that comes character by character', () => {
    const decoder = new FrameDecoder(1000)
    expect(decodeAll(decoder, [...'[1]\r\n\r\n[2]\r\n'])).toEqual(['[1]', '', '[2]'])
  })

  it('has part of a frame pending until its end comes', () => {
    const decoder = new FrameDecoder(1000)
    expect(decodeAll(decoder, ['[1', ']\r'])).toEqual([])
    expect(decoder.pending).toBe(true)
    expect(decodeAll(decoder, ['\n'])).toEqual(['[1]'])
    expect(decoder.pending).toBe(false)
  })

  it('measures a frame in UTF-8 bytes without its end', () => {
    expect(decodeAll(new FrameDecoder(4), ['éé\r\n'])).toEqual(['éé'])
    expect(() => decodeAll(new FrameDecoder(3), ['éé\r\n'])).toThrow('Frame too large')
  })

  it('refuses a frame that is too large before its end has come', () => {
    const decoder = new FrameDecoder(4)
    expect(decodeAll(decoder, ['abcd'])).toEqual([])
    expect(() => decodeAll(decoder, ['e'])).toThrow('Frame too large')
  })

  it('gives the frames before one that is too large, once', () => {
    const decoder = new FrameDecoder(4)
    const frames: string[] = []
    expect(() => {
      for (const frame of decoder.push('one\r\ntwo\r\nthree\r\n')) frames.push(frame)
    }).toThrow('Frame too large')
    expect(frames).toEqual(['one', 'two'])
    expect(decodeAll(decoder, ['four\r\n'])).toEqual([])
    expect(decoder.pending).toBe(false)
  })
})

describe('escapeNonAscii', () => {
  it('changes no value and leaves pure ASCII', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
        const escaped = escapeNonAscii(JSON.stringify(value))
        // biome-ignore lint/suspicious/noControlCharactersInRegex: what ASCII is
        expect(escaped).toMatch(/^[\u0000-\u007e]*$/)
        expect(JSON.parse(escaped)).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })

  it('writes a character beyond the plane as its two halves', () => {
    expect(escapeNonAscii('"é😀\u007f"')).toBe('"\\u00e9\\ud83d\\ude00\\u007f"')
  })
})

describe('buildFrame', () => {
  it('is a JSON array and the end of a frame', () => {
    expect(buildFrame(7, 'PUBLISH', '{"a":1}')).toBe('[7,"PUBLISH",{"a":1}]\r\n')
  })
})
