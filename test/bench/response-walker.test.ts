import { expect, it } from 'vitest'
import { ResponseWalker } from '../../bench/wire/response-walker.ts'

function answer(body: string, status = '200 OK'): string {
  return `HTTP/1.1 ${status}\r\nX: [true\r\nContent-Length: ${body.length}\r\n\r\n${body}`
}

function chunked(...chunks: string[]): string {
  const parts = [...chunks, ''].map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`)
  return `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${parts.join('')}`
}

it.each([
  ['with lengths', answer('[true,{}]') + answer('') + answer('[true,[true')],
  ['in chunks', chunked('[tr', 'ue') + chunked() + chunked('[true', 'x'.repeat(20), '[true')],
])('counts markers in bodies %s only, wherever the answers are cut', (_, text) => {
  const bytes = Buffer.from(text)
  for (let size = 1; size <= bytes.length; size += 1) {
    const walker = new ResponseWalker('[true')
    let count = 0
    for (let at = 0; at < bytes.length; at += size) {
      count += walker.feed(bytes.subarray(at, at + size))
    }
    expect([count, walker.answers]).toEqual([3, 3])
  }
})

it('remembers an answer that is no success', () => {
  const walker = new ResponseWalker('[true')
  expect(walker.feed(Buffer.from(answer('no', '429 Too Many Requests')))).toBe(0)
  expect(walker.lastOther).toMatch(/^HTTP\/1.1 429/)
})

it('refuses an answer whose end it cannot know', () => {
  const walker = new ResponseWalker('x')
  expect(() => walker.feed(Buffer.from('HTTP/1.1 200 OK\r\n\r\n'))).toThrow(/without a length/)
})
