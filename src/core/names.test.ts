import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isName } from './names.ts'

const emoji = '\u{1f600}'

describe('isName', () => {
  it.each(['a', 'Ann Lee', '}', '{', 'a}:log', ':', '%', '__proto__', 'constructor', 'é', emoji])(
    'takes %j',
    (name) => expect(isName(name)).toBe(true),
  )

  it.each([
    ['nothing', ''],
    ['C0', 'a\nb'],
    ['NUL', '\u0000'],
    ['DEL', 'a\u007f'],
    ['C1', '\u0085'],
    ['a line separator', 'a\u2028'],
    ['a paragraph separator', '\u2029a'],
    ['a bidi override', 'a\u202eb'],
    ['a bidi isolate', '\u2066'],
    ['a byte order mark', '\ufeffa'],
    ['a lone high surrogate', 'a\ud83d'],
    ['a lone low surrogate', '\ude00a'],
  ])('refuses %s', (_what, name) => expect(isName(name)).toBe(false))

  it('counts code points, not UTF-16 units', () => {
    expect(isName('a'.repeat(200))).toBe(true)
    expect(isName('a'.repeat(201))).toBe(false)
    expect(isName(emoji.repeat(200))).toBe(true)
    expect(isName(`${emoji.repeat(200)}a`)).toBe(false)
  })

  it('takes exactly what the grammar says, for any text', () => {
    const grammar = /^[^\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]{1,200}$/u
    const units = fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 450 })
    const anyText = units.map((codes) => String.fromCharCode(...codes))
    const longText = fc.string({ unit: 'binary', minLength: 195, maxLength: 205 })
    fc.assert(
      fc.property(fc.oneof(anyText, fc.string({ unit: 'binary' }), longText), (text) => {
        expect(isName(text)).toBe(grammar.test(text))
        if (isName(text)) expect(Buffer.byteLength(text)).toBeLessThanOrEqual(800)
      }),
    )
  })
})
