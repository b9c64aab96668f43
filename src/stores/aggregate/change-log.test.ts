import { expect, it } from 'vitest'
import { ChangeLog } from './change-log.ts'

it('forgets the oldest names when there are too many, and says so', () => {
  const log = new ChangeLog(8)
  const first = log.changed(undefined).cursor
  for (const name of ['a', 'b', 'c']) log.mark(name)
  const second = log.changed(first)
  expect(second.names).toEqual(['a', 'b', 'c'])
  for (const name of ['d', 'e', 'f', 'g', 'h', 'i']) log.mark(name)
  expect(log.changed(first).names).toBe('all')
  expect(log.changed(second.cursor).names).toBe('all')
  const third = log.changed(second.cursor).cursor
  for (const name of ['j', 'k', 'j']) log.mark(name)
  expect(log.changed(third).names).toEqual(['j', 'k'])
})

it('keeps one name that changes all the time as one', () => {
  const log = new ChangeLog(8)
  const { cursor } = log.changed(undefined)
  for (let count = 0; count < 1000; count += 1) log.mark('busy')
  expect(log.changed(cursor).names).toEqual(['busy'])
})
