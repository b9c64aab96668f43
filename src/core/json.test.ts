import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fitsUtf8, InvalidJson, parseJson, utf8Length } from './json.ts'

const limits = { bytes: 100_000, depth: 32 }

function outcomeOf(parse: () => unknown): { value: unknown } | 'refused' {
  try {
    return { value: parse() }
  } catch {
    return 'refused'
  }
}

describe('parseJson', () => {
  it('parses what JSON.parse parses, to the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8 }), fc.nat({ max: 3 }), (value, indent) => {
        const text = JSON.stringify(value, null, indent)
        expect(parseJson(text, limits)).toEqual(JSON.parse(text))
      }),
    )
  })

  it('refuses what JSON.parse refuses', () => {
    const nearlyJson = fc
      .array(fc.constantFrom('[', ']', '{', '}', '"', '\\', ',', ':', '1', 'null', ' ', '\n', 'é'))
      .map((parts) => parts.join(''))
    fc.assert(
      fc.property(nearlyJson, (text) => {
        const plain = outcomeOf(() => JSON.parse(text))
        expect(outcomeOf(() => parseJson(text, limits))).toEqual(plain)
      }),
      { numRuns: 1000 },
    )
  })

  it('counts the depth of brackets outside strings only', () => {
    const nest = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`
    expect(parseJson(nest(32), limits)).toBeDefined()
    expect(() => parseJson(nest(33), limits)).toThrow('nested too deep')
    expect(() => parseJson(`${'{"a":'.repeat(33)}1${'}'.repeat(33)}`, limits)).toThrow(
      'nested too deep',
    )
    expect(parseJson(JSON.stringify('['.repeat(100)), limits)).toBe('['.repeat(100))
    expect(parseJson(JSON.stringify('"\\['.repeat(100)), limits)).toBe('"\\['.repeat(100))
  })

  it('counts them right whatever strings hold', () => {
    const depthOf = (value: unknown): number =>
      typeof value === 'object' && value !== null
        ? 1 + Math.max(0, ...Object.values(value).map(depthOf))
        : 0
    const string = fc
      .array(fc.constantFrom('[', '{', ']', '"', '\\', 'a'))
      .map((all) => all.join(''))
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        string,
        fc.array(tie('tree')),
        fc.dictionary(string, tie('tree')),
      ),
    }))
    fc.assert(
      fc.property(tree, fc.nat({ max: 4 }), (value, depth) => {
        const isRefused = outcomeOf(() => parseJson(JSON.stringify(value), { ...limits, depth }))
        expect(isRefused === 'refused').toBe(depthOf(value) > depth)
      }),
      { numRuns: 1000 },
    )
  })

  it('refuses JSON nested a hundred thousand deep without a stack overflow', () => {
    const text = '['.repeat(50_000) + ']'.repeat(50_000)
    expect(() => parseJson(text, limits)).toThrow(InvalidJson)
  })

  it('measures the size in UTF-8 bytes', () => {
    expect(parseJson('"é"', { bytes: 4, depth: 1 })).toBe('é')
    expect(() => parseJson('"é"', { bytes: 3, depth: 1 })).toThrow('too large')
  })

  it.each([
    ['an escape', '"\\ud83d"'],
    ['an escape in capitals', '"\\uDE00"'],
    ['an escape after a backslash', '"\\\\\\ud83d"'],
    ['the text itself', '"\ud83d"'],
    ['a key', '{"\\ud83d":1}'],
    ['the depth of a value', '[{"a":["\\ud83dx"]}]'],
  ])('refuses a lone surrogate from %s', (_from, text) => {
    expect(() => parseJson(text, limits)).toThrow('lone surrogate')
  })

  it('takes surrogates in pairs, escaped or not', () => {
    expect(parseJson('"\\ud83d\\ude00"', limits)).toBe('😀')
    expect(parseJson('"😀"', limits)).toBe('😀')
    expect(parseJson('"\\\\ud83d"', limits)).toBe('\\ud83d')
  })

  it('keeps __proto__ as an own key', () => {
    const value = parseJson('{"__proto__":{"admin":true}}', limits)
    expect(Object.keys(value as object)).toEqual(['__proto__'])
    expect((value as Record<string, unknown>)['admin']).toBeUndefined()
  })
})

describe('UTF-8 lengths', () => {
  const anyText = fc
    .array(fc.integer({ min: 0, max: 0xffff }))
    .map((codes) => String.fromCharCode(...codes))

  it('are those of the encoded text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(utf8Length(text)).toBe(Buffer.byteLength(text))
      }),
    )
  })

  it('fit where they are at most the limit', () => {
    fc.assert(
      fc.property(anyText, fc.nat({ max: 60 }), (text, bytes) => {
        expect(fitsUtf8(text, bytes)).toBe(utf8Length(text) <= bytes)
      }),
    )
  })
})
