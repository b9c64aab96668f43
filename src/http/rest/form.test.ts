import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseForm, queryBytes, utf8Text } from './form.ts'

const text = fc.string({ unit: 'binary' })

describe('a form', () => {
  it('reads back whatever a browser would send', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text), { maxLength: 20 }), (pairs) => {
        const sent = new URLSearchParams(pairs).toString()
        expect(parseForm(Buffer.from(sent))).toEqual(pairs)
      }),
    )
  })

  it.each([
    ['', []],
    ['a', [['a', '']]],
    ['a=', [['a', '']]],
    ['a=b=c', [['a', 'b=c']]],
    ['&&a=1&', [['a', '1']]],
    ['a=é', [['a', 'é']]],
    ['a=%c3%A9+x', [['a', 'é x']]],
  ])('%j', (body, pairs) => {
    expect(parseForm(Buffer.from(body))).toEqual(pairs)
  })

  it('is refused for any bytes that are not one, and nothing else is thrown', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        try {
          parseForm(Buffer.from(bytes))
        } catch (error) {
          expect(error).toMatchObject({ code: 'invalid_body' })
        }
      }),
    )
  })
})

describe('a query', () => {
  it('is what follows the first question mark', () => {
    expect(queryBytes('/a?b=c?d').toString()).toBe('b=c?d')
    expect(queryBytes('/a')).toHaveLength(0)
  })
})

describe('text of a body', () => {
  it('has no byte order mark', () => {
    expect(utf8Text(Buffer.from('\ufeff{}'))).toBe('{}')
  })
})
