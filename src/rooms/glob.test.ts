import { describe, expect, it } from 'vitest'
import { matchesGlob } from './glob.ts'

describe('a glob', () => {
  it.each([
    ['*', '', true],
    ['*', 'room', true],
    ['room_*', 'room_1', true],
    ['room_*', 'room', false],
    ['*_x', 'a_x_x', true],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['a?c', 'a😀c', true],
    ['a*b*c', 'a-b-b-c', true],
    ['a*b*c', 'a-c-b', false],
    ['a.c', 'abc', false],
    ['', '', true],
    ['', 'a', false],
  ])('%s on %s: %s', (glob, name, matches) => {
    expect(matchesGlob(glob, name)).toBe(matches)
  })

  it('takes its time in proportion, also where stars abound', () => {
    expect(matchesGlob('a*'.repeat(50), 'a'.repeat(200).concat('b'))).toBe(true)
    expect(matchesGlob(`${'a*'.repeat(50)}c`, 'a'.repeat(200).concat('b'))).toBe(false)
  })
})
