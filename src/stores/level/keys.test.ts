import fc from 'fast-check'
import { expect, it } from 'vitest'
import { encodeName, encodeNumber, keys, logKeys, nameOfKey, under } from './keys.ts'

const name = fc.string({ unit: 'grapheme', minLength: 1 })

it('holds no raw name, and gives the name back', () => {
  fc.assert(
    fc.property(name, (text) => {
      expect(encodeName(text)).toMatch(/^[A-Za-z0-9_-]+$/)
      expect(nameOfKey(keys.channel(text))).toBe(text)
      expect(nameOfKey(logKeys.claim('1', text, text))).toBe(text)
    }),
  )
})

it('keeps the ranges of different names apart', () => {
  fc.assert(
    fc.property(name, name, (one, other) => {
      const { gte, lt } = under(logKeys.book('1', one))
      const key = logKeys.claim('1', other, 'x')
      expect(key >= gte && key < lt).toBe(one === other)
    }),
  )
})

it('sorts numbers as numbers', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (one, other) => {
      expect(encodeNumber(one) < encodeNumber(other)).toBe(one < other)
    }),
  )
})
