import { expect, it } from 'vitest'
import { IdleCache } from './idle-cache.ts'

interface Item {
  readonly name: string
  weight: number
  busy: boolean
}

function cacheOf(limits: { entries: number; weight: number }) {
  const dropped: string[] = []
  const cache = new IdleCache<Item>({
    ...limits,
    isIdle: (item) => !item.busy,
    weigh: (item) => item.weight,
    dropped: (item) => dropped.push(item.name),
  })
  const add = (name: string, weight = 1, busy = false) => cache.set(name, { name, weight, busy })
  return { cache, dropped, add }
}

it('drops what was not used lately', () => {
  const { cache, dropped, add } = cacheOf({ entries: 8, weight: 1e9 })
  for (const name of ['a', 'b', 'c', 'd', 'e']) add(name)
  cache.get('a')
  for (const name of ['f', 'g', 'h', 'i', 'j']) add(name)
  expect(cache.get('a')?.name).toBe('a')
  expect(cache.get('b')).toBeUndefined()
  expect(dropped).toContain('b')
  expect(cache.size).toBeLessThanOrEqual(10)
})

it('never drops what is not idle', () => {
  const { cache, add } = cacheOf({ entries: 4, weight: 1e9 })
  add('busy', 1, true)
  for (let count = 0; count < 100; count += 1) add(`n${count}`)
  expect(cache.get('busy')?.name).toBe('busy')
  expect(cache.size).toBeLessThan(10)
})

it('keeps to a weight that values grow to', () => {
  const { cache, dropped, add } = cacheOf({ entries: 1000, weight: 100 })
  for (const name of ['a', 'b', 'c']) add(name)
  cache.grew(60)
  cache.get('c')
  cache.grew(60)
  expect(dropped).toEqual(['a', 'b'])
  expect(cache.get('c')?.name).toBe('c')
})
