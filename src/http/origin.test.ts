import { describe, expect, it } from 'vitest'
import { createOriginJudge, type OriginDoor } from './origin.ts'

const nothing = { allowOrigin: [], ownOrigin: [], publicUrl: [], hookOrigins: [] }

function judge(
  settings: Partial<Record<keyof typeof nothing, string[]>>,
  request: { door?: OriginDoor; scheme?: 'http' | 'https'; [header: string]: string | undefined },
) {
  const { door = 'websocket', scheme = 'http', ...headers } = request
  return createOriginJudge({ ...nothing, ...settings })({
    door,
    scheme,
    headers: { host: 'push.example:8001', ...headers },
  })
}

describe('own origins', () => {
  const settings = {
    publicUrl: ['https://push.example/path'],
    ownOrigin: ['https://Shop.example'],
    hookOrigins: ['http://localhost:3000'],
  }
  it.each([
    ['https://push.example', true],
    ['https://push.example:443', true],
    ['https://shop.example', true],
    ['http://127.0.0.1:3000', true],
    ['http://[::1]:3000', true],
    ['http://localhost:3000', true],
    ['http://localhost:3001', false],
    ['https://localhost:3000', false],
    ['http://push.example', false],
    ['https://push.example:8443', false],
    ['https://push.example.evil.example', false],
    ['https://evil.example#https://push.example', false],
    ['https://push.example/', false],
    ['https://user@push.example', false],
    ['null', false],
    ['', false],
    ['file://', false],
    ['https://push.example, https://push.example', false],
    ['http://push.example:8001', false],
  ])('%s: %s', (origin, isOwn) => {
    expect(judge(settings, { origin }).cookiesCount).toBe(isOwn)
    expect(judge(settings, { origin }).allowed).toBe(true)
  })

  it('are the request’s own Host too, while no public URL is set', () => {
    expect(judge({}, { origin: 'http://push.example:8001' }).cookiesCount).toBe(true)
    expect(judge({}, { origin: 'https://push.example:8001' }).cookiesCount).toBe(false)
    expect(judge({}, { origin: 'http://push.example' }).cookiesCount).toBe(false)
    const proxied = { origin: 'https://a.example', host: 'a.example', scheme: 'https' as const }
    expect(judge({}, proxied).cookiesCount).toBe(true)
    expect(
      judge({}, { origin: 'http://localhost:8001', host: '127.0.0.1:8001' }).cookiesCount,
    ).toBe(true)
    expect(judge({}, { origin: 'http://a b', host: 'a b' }).cookiesCount).toBe(false)
  })

  it('that are no origins are named', () => {
    expect(() => judge({ ownOrigin: ['shop.example'] }, {})).toThrow('Not an origin: shop.example')
    expect(() => judge({ allowOrigin: ['*'] }, {})).toThrow(TypeError)
  })
})

describe('whether cookies count', () => {
  it.each<[OriginDoor, Record<string, string>, boolean]>([
    ['websocket', {}, true],
    ['websocket', { origin: 'http://push.example:8001' }, true],
    ['websocket', { origin: 'http://evil.example' }, false],
    ['websocket', { 'sec-websocket-origin': 'http://evil.example' }, false],
    ['csp-handshake', {}, false],
    ['csp-handshake', { 'sec-fetch-site': 'same-origin' }, true],
    ['csp-handshake', { 'sec-fetch-site': 'same-site' }, false],
    ['csp-handshake', { origin: 'http://push.example:8001' }, true],
    ['csp-handshake', { origin: 'http://evil.example', 'sec-fetch-site': 'same-origin' }, false],
    ['csp', { origin: 'http://push.example:8001' }, false],
    ['static', { origin: 'http://push.example:8001' }, false],
  ])('%s %o: %s', (door, headers, counts) => {
    expect(judge({}, { door, ...headers }).cookiesCount).toBe(counts)
  })
})

describe('--allow-origin', () => {
  const settings = { allowOrigin: ['https://a.example'], ownOrigin: ['https://own.example'] }
  it.each([
    ['https://a.example', true, false],
    ['https://own.example', true, true],
    ['https://evil.example', false, false],
    ['null', false, false],
    ['http://push.example:8001', false, false],
    [undefined, true, true],
  ])('%s: allowed %s, cookies %s', (origin, allowed, cookiesCount) => {
    expect(judge(settings, { origin })).toMatchObject({ allowed, cookiesCount })
  })

  it('does not keep the listed Host from being own', () => {
    const request = { origin: 'https://a.example', host: 'a.example', scheme: 'https' as const }
    expect(judge(settings, request)).toMatchObject({ allowed: true, cookiesCount: true })
  })
})

describe('CORS', () => {
  it('names own origins with credentials and lets others in without', () => {
    expect(judge({}, { door: 'static', origin: 'http://push.example:8001' }).cors).toEqual({
      Vary: 'Origin',
      'Access-Control-Allow-Origin': 'http://push.example:8001',
      'Access-Control-Allow-Credentials': 'true',
    })
    for (const origin of ['http://evil.example', 'null', undefined]) {
      expect(judge({}, { door: 'csp', origin }).cors).toEqual({
        Vary: 'Origin',
        'Access-Control-Allow-Origin': '*',
      })
    }
    const settings = { allowOrigin: ['https://a.example'] }
    expect(judge(settings, { origin: 'http://evil.example' }).cors).toEqual({ Vary: 'Origin' })
  })
})
