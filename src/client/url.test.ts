import { afterEach, expect, test, vi } from 'vitest'
import { baseOf } from './url.ts'

afterEach(() => vi.unstubAllGlobals())

test.each([
  ['http://a.example:8001', 'http://a.example:8001'],
  ['http://a.example:8001/', 'http://a.example:8001'],
  ['http://a.example:8001/csp', 'http://a.example:8001'],
  ['http://a.example:8001/csp/', 'http://a.example:8001'],
  ['https://a.example/live/', 'https://a.example/live'],
  ['https://a.example/live/csp?x=1#y', 'https://a.example/live'],
  ['wss://a.example/live', 'https://a.example/live'],
])('%s stands for %s', (url, base) => {
  expect(baseOf(url)).toBe(base)
})

test('a relative address is relative to the page', () => {
  vi.stubGlobal('location', { href: 'https://a.example/chat/room?x=1' })
  expect(baseOf('/offhook')).toBe('https://a.example/offhook')
  expect(baseOf('//b.example')).toBe('https://b.example')
})
