import fc from 'fast-check'
import { expect, it } from 'vitest'
import { SortedNames } from './sorted-names.ts'

it('is a sorted set', () => {
  const act = fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 3000 }).map(String))
  fc.assert(
    fc.property(fc.array(act, { maxLength: 4000, size: 'max' }), fc.string(), (acts, after) => {
      const names = new SortedNames()
      const model = new Set<string>()
      for (const [adds, name] of acts) {
        if (adds) names.add(name)
        else names.delete(name)
        if (adds) model.add(name)
        else model.delete(name)
      }
      const sorted = [...model].sort((a, b) => (a < b ? -1 : 1))
      expect([...names.after(undefined)]).toEqual(sorted)
      expect([...names.after(after)]).toEqual(sorted.filter((name) => name > after))
      expect(names.size).toBe(model.size)
    }),
    { numRuns: 30 },
  )
})

it('splits and joins runs without losing a name', () => {
  const names = new SortedNames()
  const all = Array.from({ length: 5000 }, (_, index) => String(index * 7919).padStart(9, '0'))
  for (const name of all) names.add(name)
  expect([...names.after(all[2500])]).toEqual(all.slice(2501))
  for (const name of all.slice(0, 4999)) names.delete(name)
  expect([...names.after(undefined)]).toEqual([all[4999]])
})
