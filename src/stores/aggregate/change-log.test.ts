import { expect, it } from 'vitest'
import type { Changed } from '../../core/ports.ts'
import { ChangeLog } from './change-log.ts'

function namesOf({ places }: Changed<number>): string[] | 'all' {
  return places === 'all' ? 'all' : [...places.keys()]
}

it('forgets the oldest names when there are too many, and says so', () => {
  const log = new ChangeLog<number>(8)
  const first = log.changed(undefined).cursor
  for (const name of ['a', 'b', 'c']) log.mark(name, 1)
  const second = log.changed(first)
  expect(namesOf(second)).toEqual(['a', 'b', 'c'])
  for (const name of ['d', 'e', 'f', 'g', 'h', 'i']) log.mark(name, 1)
  expect(log.changed(first).places).toBe('all')
  expect(log.changed(second.cursor).places).toBe('all')
  const third = log.changed(second.cursor).cursor
  for (const name of ['j', 'k', 'j']) log.mark(name, 1)
  expect(namesOf(log.changed(third))).toEqual(['j', 'k'])
})

it('keeps one name that changes all the time as one', () => {
  const log = new ChangeLog<number>(8)
  const { cursor } = log.changed(undefined)
  for (let count = 0; count < 1000; count += 1) log.mark('busy', count)
  expect([...log.changed(cursor).places]).toEqual([['busy', 999]])
})
