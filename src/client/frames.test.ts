import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeFrame, encodePayload, FrameDecoder } from './frames.ts'

const frames = fc.array(
  fc.record({
    id: fc.nat(),
    name: fc.constantFrom('PUBLISH', 'SUBSCRIBE', 'X'),
    args: fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.integer(), fc.constant(null))),
  }),
)

test('frames come out as they went in, wherever the stream is cut', () => {
  fc.assert(
    fc.property(frames, fc.array(fc.nat()), (sent, cuts) => {
      const stream = sent.map(encodeFrame).join('')
      const decoder = new FrameDecoder()
      const places = [...new Set(cuts.map((cut) => cut % (stream.length + 1)))].sort(
        (a, b) => a - b,
      )
      const pieces = [0, ...places].map((from, i) => stream.slice(from, places[i] ?? stream.length))
      const received = pieces.flatMap((piece) => [...decoder.push(piece)])
      expect(JSON.stringify(received)).toBe(JSON.stringify(sent))
    }),
  )
})

test('a delimiter cut in the middle ends its frame', () => {
  const decoder = new FrameDecoder()
  expect(decoder.push('[1,"OK",{}]\r')).toEqual([])
  expect(decoder.push('\n[2,"OK",{}]\r\n')).toEqual([
    { id: 1, name: 'OK', args: {} },
    { id: 2, name: 'OK', args: {} },
  ])
})

test.each([
  'no json',
  '{}',
  '[1,"A"]',
  '[1,"A",{},0]',
  '["1","A",{}]',
  '[1,2,{}]',
  '[1,"A",[]]',
  '[1,"A",null]',
])('%s is not a frame and does not hide the next one', (text) => {
  const next = { id: 2, name: 'OK', args: {} }
  expect(new FrameDecoder().push(`${text}\r\n[2,"OK",{}]\r\n`)).toEqual([undefined, next])
})

test('a payload is JSON text, null where JSON has no word for it', () => {
  expect(encodePayload({ a: ['ü'] })).toBe('{"a":["ü"]}')
  expect(encodePayload(undefined)).toBe('null')
})
