import { describe, expect, it } from 'vitest'
import { createMask, printUrl } from './mask.ts'

describe('printUrl', () => {
  it.each([
    ['https://user:pw@app.example:8443/a/b?token=1#x', 'https://app.example:8443/a/b'],
    ['http://localhost/', 'http://localhost/'],
    ['redis://:pw@10.0.0.1:6379/0', 'redis://10.0.0.1:6379/0'],
    ['data:text/plain,secret', 'data:'],
    ['secret', '(not a URL)'],
  ])('%s', (url, printed) => {
    expect(printUrl(url)).toBe(printed)
  })
})

describe('a mask', () => {
  it.each([
    'hook_secret',
    'hookSecret',
    'webhook-secret',
    'api_token',
    'security_token',
    'token',
    'Authorization',
    'cookie',
    'set-cookie',
    'cookie_string',
    'admin_password',
    'csp_key',
    's',
  ])('hides the field %s', (name) => {
    expect(createMask([]).field(name, 'abc')).toBe('***')
  })

  it('tells only the length of a payload', () => {
    expect(createMask([]).field('payload', '{"a":1}')).toBe('7 characters')
  })

  it.each(['channel', 'user', 'hook', 'request', 'cause', 'hint', 'status'])(
    'leaves the field %s',
    (name) => {
      expect(createMask([]).field(name, 'abc')).toBe('abc')
    },
  )

  it('hides known secrets by value, longest first, also those that come later', () => {
    const mask = createMask(['s3cr', 's3cret/', ''])
    mask.add(['later'])
    expect(mask.text('a s3cret/ b s3cr c s3cret%2F d later')).toBe('a *** b *** c *** d ***')
    expect(mask.field('user', 's3cr')).toBe('***')
  })

  it.each([
    ['GET http://u:p@h.example/x?y=1 failed', 'GET http://h.example/x failed'],
    ['/web/publish?security_token=abc&x=1', '/web/publish?security_token=***&x=1'],
    ['secret=abc, user=ann', 'secret=***, user=ann'],
    ['Authorization: Bearer abcdef', 'Authorization: ***'],
    ['sent Bearer abcdef on', 'sent Bearer *** on'],
    ['Cookie: a=1; b=2', 'Cookie: ***'],
    ['no cookie reached Offhook', 'no cookie reached Offhook'],
  ])('cleans free text: %s', (text, clean) => {
    expect(createMask([]).text(text)).toBe(clean)
  })
})
