import { describe, expect, it } from 'vitest'
import { splitNames } from './names.ts'

describe('a list of names in one field', () => {
  it('is split at its commas, without the spaces around its items', () => {
    expect(splitNames(' ann,  bob smith ,,cid ')).toEqual(['ann', 'bob smith', 'cid'])
    expect(splitNames(' , ')).toEqual([])
  })

  it('keeps white space that is no space: it is part of a name, or refused with it', () => {
    expect(splitNames('\tann\u00a0, bob')).toEqual(['\tann\u00a0', 'bob'])
  })

  it('takes no more time where an item has many spaces inside', () => {
    const item = `a${' '.repeat(1_000_000)}b`
    const started = performance.now()
    expect(splitNames(item)).toEqual([item])
    expect(performance.now() - started).toBeLessThan(1000)
  })
})
