import { describe, expect, test } from 'vitest'
import { formatChecks } from './formats.ts'
import { parseValue, quoteValue } from './parse-value.ts'
import type { Setting, TextFormat } from './setting.ts'

const shared = { flag: 'x', doc: '' }
const integer: Setting = { ...shared, kind: 'integer', default: 1, min: 1, max: 100 }
const seconds: Setting = { ...shared, kind: 'seconds', default: 1, min: 0, max: 100 }
const bytes: Setting = { ...shared, kind: 'bytes', default: 1024, min: 1, max: 4_194_304 }

describe('numbers', () => {
  test.each([
    [integer, '7', 7],
    [integer, 7, 7],
    [integer, ' 7 ', 7],
    [seconds, '1.5', 1500],
    [seconds, 1.5, 1500],
    [seconds, '1 m', 60_000],
    [seconds, '20ms', 20],
    [bytes, '2KiB', 2048],
    [bytes, '1.5MiB', 1_572_864],
    [bytes, 10, 10],
  ])('%# %o %o is %o', (setting, raw, value) => {
    expect(parseValue(setting, raw)).toEqual({ value })
  })

  test.each([
    [integer, '0'],
    [integer, '101'],
    [integer, '1.5'],
    [integer, '1e1'],
    [integer, '0x10'],
    [integer, ''],
    [integer, '-1'],
    [integer, 'NaN'],
    [integer, true],
    [integer, null],
    [integer, ['7']],
    [integer, '7s'],
    [seconds, '-1'],
    [seconds, '2 days'],
    [seconds, Number.POSITIVE_INFINITY],
    [bytes, '1KB'],
    [bytes, '1.0001KiB'],
  ])('%# %o %o is refused', (setting, raw) => {
    expect(parseValue(setting, raw)).toHaveProperty('problem')
  })
})

describe('formats', () => {
  test.each<[TextFormat, string]>([
    ['host', 'localhost'],
    ['host', 'a-b.example'],
    ['host', 'my_app'],
    ['host', '::1'],
    ['host', '[::1]'],
    ['host', '10.0.0.1'],
    ['host-and-port', 'a.example:8080'],
    ['host-and-port', '[::1]:80'],
    ['host-and-port', '::1'],
    ['http-url', 'https://a.example/x.php?y=1'],
    ['app-url', 'http://localhost:3000'],
    ['origin', 'https://a.example'],
    ['origin', 'http://a.example:81/'],
    ['url-path', '/a/b'],
    ['hook-path', 'index.php?hook=connect'],
    ['address-range', '10.0.0.0/8'],
    ['address-range', '::1'],
    ['cookie-name', 'sessionid'],
    ['cookie-name', '__Host-x'],
    ['signing-secret', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
    ['store', 'level:/var/lib/offhook'],
    ['store', 'memory'],
    ['header-value', 'app.example:80'],
  ])('%s takes %s', (format, text) => {
    expect(formatChecks[format](text)).toBeUndefined()
  })

  test.each<[TextFormat, string]>([
    ['host', 'http://a'],
    ['host', 'a:80'],
    ['host', 'a b'],
    ['host', '[a]'],
    ['host', 'a@b'],
    ['host', `${'a'.repeat(254)}`],
    ['host-and-port', 'a:99999'],
    ['host-and-port', '::1:x'],
    ['http-url', 'ftp://a'],
    ['http-url', 'http://user:pw@a/'],
    ['http-url', 'http://a/#x'],
    ['http-url', 'localhost:3000'],
    ['http-url', 'http://a/ b'],
    ['app-url', 'http://a/?x'],
    ['origin', 'https://a/b'],
    ['origin', '*'],
    ['origin', 'null'],
    ['url-path', 'a'],
    ['url-path', '/a?b'],
    ['url-path', '/a\n'],
    ['hook-path', 'a b'],
    ['address-range', '10'],
    ['address-range', 'localhost'],
    ['address-range', '10.0.0.0/33'],
    ['cookie-name', 'a=b'],
    ['cookie-name', 'a;b'],
    ['signing-secret', 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
    ['signing-secret', 'whsec_abcd'],
    ['signing-secret', 'whsec_äöü'],
    ['store', 'level:'],
    ['store', 'redis://x'],
    ['header-value', 'a\r\nb'],
  ])('%s refuses %j', (format, text) => {
    expect(formatChecks[format](text)).toEqual(expect.any(String))
  })

  test('a host that is all dots or hyphens is refused quickly', () => {
    expect(formatChecks.host(`${'a-'.repeat(120)}!`)).toEqual(expect.any(String))
  })
})

test('a value is shown short, in one line and without bidi characters', () => {
  expect(quoteValue('a\nb\u202e')).toBe('"a\\nb\\u202e"')
  expect(quoteValue('x'.repeat(200)).length).toBeLessThan(90)
})
