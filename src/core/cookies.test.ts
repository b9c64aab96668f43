import { describe, expect, it } from 'vitest'
import { mergeCookies } from './cookies.ts'

function merge(given: string, header?: string, only = ''): string {
  return mergeCookies(given, { header, only })
}

describe('mergeCookies', () => {
  it('takes the cookies that CONNECT gives', () => {
    expect(merge('a=1; b=2')).toBe('a=1; b=2')
    expect(merge('')).toBe('')
  })

  it('adds those of the header whose names are not given', () => {
    expect(merge('a=page', 'a=header; sid=secret')).toBe('a=page; sid=secret')
  })

  it('compares names, not prefixes, and not what an object inherits', () => {
    expect(merge('a=1', 'ab=2; __proto__=3; constructor=4')).toBe(
      'a=1; ab=2; __proto__=3; constructor=4',
    )
  })

  it('drops empty items and space around them', () => {
    expect(merge(' ;a=1;; b=2 ;')).toBe('a=1; b=2')
  })

  it('keeps only the identifier’s first cookie where one is configured', () => {
    expect(merge('x=1; sid=first; sid=second', 'sid=header', 'sid')).toBe('sid=first')
    expect(merge('x=1', 'sid=header; y=2', 'sid')).toBe('sid=header')
    expect(merge('x=1', undefined, 'sid')).toBe('')
  })

  it.each(['a=1\r\nX-Admin: 1', 'a=\u0000', 'a=\u007f', 'a=€', 'a=😀'])('refuses %j', (given) => {
    expect(() => merge(given)).toThrow('Invalid cookies')
  })

  it('takes Latin-1', () => expect(merge('a=é')).toBe('a=é'))

  it('leaves out a header’s cookie that no header may carry on', () => {
    expect(merge('a=1', 'b=\u0001; c=3')).toBe('a=1; c=3')
  })

  it('takes 64 cookies and 8 KiB, not more', () => {
    const many = (count: number) => Array.from({ length: count }, (_, i) => `c${i}=1`).join('; ')
    expect(merge(many(64))).toBe(many(64))
    expect(() => merge(many(65))).toThrow('Too many cookies')
    expect(() => merge(many(64), 'own=1')).toThrow('Too many cookies')
    expect(merge(`a=${'x'.repeat(8190)}`)).toHaveLength(8192)
    expect(() => merge(`a=${'x'.repeat(8191)}`)).toThrow('Too many cookies')
  })
})
