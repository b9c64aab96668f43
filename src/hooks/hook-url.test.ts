import { describe, expect, it } from 'vitest'
import { hookSettings } from '../../test/fixtures/hook-server.ts'
import { hookUrl, verifiesCertificate } from './hook-url.ts'
import type { HookSettings } from './settings.ts'

function url(
  change: Partial<HookSettings>,
  hook: 'connect' | 'create_channel' = 'connect',
): string {
  return hookUrl(hookSettings(3000, change), hook).href
}

describe('hookUrl', () => {
  it('is built once for the same settings, and anew for others', () => {
    const settings = hookSettings(3000, {})
    expect(hookUrl(settings, 'publish')).toBe(hookUrl(settings, 'publish'))
    expect(hookUrl({ ...settings, cbPort: 3001 }, 'publish').port).toBe('3001')
  })

  it.each<[Partial<HookSettings>, string]>([
    [{}, 'http://127.0.0.1:3000/hookbox/connect'],
    [{ cbHttps: true, cbHost: 'app.example', cbPort: 443 }, 'https://app.example/hookbox/connect'],
    [{ cbPort: 80 }, 'http://127.0.0.1/hookbox/connect'],
    [{ cbPath: '' }, 'http://127.0.0.1:3000/connect'],
    [{ cbPath: '/' }, 'http://127.0.0.1:3000/connect'],
    [{ cbPath: '/a/' }, 'http://127.0.0.1:3000/a/connect'],
    [{ cbPath: 'a' }, 'http://127.0.0.1:3000/a/connect'],
    [{ cbConnect: '/x/in' }, 'http://127.0.0.1:3000/hookbox/x/in'],
    [{ cbConnect: 'h.php?do=in' }, 'http://127.0.0.1:3000/hookbox/h.php?do=in'],
    [
      { cbConnect: 'h.php?do=in/', cbTrailingSlash: true },
      'http://127.0.0.1:3000/hookbox/h.php/?do=in/',
    ],
    [{ cbTrailingSlash: true }, 'http://127.0.0.1:3000/hookbox/connect/'],
    [{ cbConnect: 'in/', cbTrailingSlash: true }, 'http://127.0.0.1:3000/hookbox/in/'],
    [{ cbSingleUrl: 'https://x.example/h?a=1' }, 'https://x.example/h?a=1'],
    [{ cbSingleUrl: 'https://x.example/h?a=1', cbTrailingSlash: true }, 'https://x.example/h/?a=1'],
    [{ cbHost: '::1' }, 'http://[::1]:3000/hookbox/connect'],
    [{ cbHost: '[::1]' }, 'http://[::1]:3000/hookbox/connect'],
  ])('%j', (change, href) => {
    expect(url(change)).toBe(href)
  })

  it('has a path for each hook', () => {
    expect(url({}, 'create_channel')).toBe('http://127.0.0.1:3000/hookbox/create_channel')
  })

  it.each(['//evil.example', '/@evil.example', '/../..//evil.example/', '\\\\evil.example'])(
    'no path leads to another host: %s',
    (cbPath) => {
      expect(new URL(url({ cbPath })).host).toBe('127.0.0.1:3000')
    },
  )

  it.each(['', 'a b', 'a/b', 'a@b', 'a:1:2', 'a?b', 'a#b', 'x:80'])(
    'refuses what is not a host: %j',
    (cbHost) => {
      expect(() => url({ cbHost })).toThrow(TypeError)
    },
  )
})

describe('verifiesCertificate', () => {
  it.each(['localhost', 'LOCALHOST.', 'a.localhost', '127.0.0.1', '127.9.9.9', '[::1]'])(
    'not of %s',
    (host) => {
      expect(verifiesCertificate({ cbInsecure: false }, host)).toBe(false)
    },
  )

  it.each(['localhost.example', '127.0.0.1.example', '10.0.0.1', '[::2]'])('of %s', (host) => {
    expect(verifiesCertificate({ cbInsecure: false }, host)).toBe(true)
    expect(verifiesCertificate({ cbInsecure: true }, host)).toBe(false)
  })
})
