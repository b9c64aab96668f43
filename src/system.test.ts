import { describe, expect, it } from 'vitest'
import { systemRandom } from './system.ts'

describe('the random ids of the system', () => {
  it('have the length that was asked for, however long', () => {
    for (const bytes of [1, 8, 16, 4096, 5000]) {
      expect(systemRandom.hex(bytes)).toMatch(new RegExp(`^[0-9a-f]{${2 * bytes}}$`))
    }
  })

  it('never come twice', () => {
    const ids = Array.from({ length: 10_000 }, () => systemRandom.hex(8))
    expect(new Set(ids).size).toBe(ids.length)
  })
})
