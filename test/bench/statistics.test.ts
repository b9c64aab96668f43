import { expect, it } from 'vitest'
import { Budget } from '../../bench/measure/budget.ts'
import { Histogram } from '../../bench/measure/histogram.ts'
import { median, medianRatio } from '../../bench/measure/statistics.ts'
import { summarize } from '../../bench/report/summary.ts'
import { replaceFigures } from '../../bench/report/update-document.ts'

it('has the middle value as the median, or the mean of the two middle ones', () => {
  expect(median([9, 1, 5])).toBe(5)
  expect(median([4, 1, 2, 9])).toBe(3)
  expect(median([7])).toBe(7)
  expect(() => median([])).toThrow(RangeError)
})

it('compares within rounds, so that a slow round counts against nobody', () => {
  const control = new Map([
    [1, 100],
    [2, 50],
    [3, 100],
  ])
  const contender = new Map([
    [1, 80],
    [2, 40],
    [3, 90],
  ])
  expect(medianRatio(contender, control)).toBe(0.8)
  expect(medianRatio(new Map([[4, 1]]), control)).toBeUndefined()
})

it('knows percentiles to 2 %', () => {
  const histogram = new Histogram()
  expect(histogram.percentile(0.5)).toBeUndefined()
  histogram.add(1, 98)
  histogram.add(50)
  histogram.add(200)
  expect(Math.abs((histogram.percentile(0.5) ?? 0) - 1)).toBeLessThan(0.02)
  expect(Math.abs((histogram.percentile(0.99) ?? 0) - 50)).toBeLessThan(1)
  expect(Math.abs((histogram.percentile(1) ?? 0) - 200)).toBeLessThan(4)
})

it('ends a load by number, by time and on demand', () => {
  const now = performance.now()
  const few = new Budget({ maxSends: 2, maxMs: 10_000 })
  expect([few.spend(now), few.spend(now), few.spend(now)]).toEqual([true, true, false])
  expect(new Budget({ maxSends: 9, maxMs: 10 }).spend(now + 1000)).toBe(false)
  const stopped = new Budget({ maxSends: 9, maxMs: 10_000 })
  stopped.stop()
  expect(stopped.spend(now)).toBe(false)
})

it('says where the load generator was the limit', () => {
  const figure = (contender: string, value: number, generatorShare: number) => ({
    scenario: 'rooms',
    contender,
    round: 1,
    payload: 100,
    value,
    sample: { perSecond: value, serverShare: 0.7, generatorShare },
  })
  const rows = summarize([figure('control', 200, 0.95), figure('other', 100, 0.5)])
  expect(rows.map(({ ratio, generatorLimited }) => [ratio, generatorLimited])).toEqual([
    [1, true],
    [0.5, false],
  ])
})

it('replaces the figures of a document and nothing else', () => {
  const document = 'a\n<!-- figures -->\nold\n<!-- /figures -->\nb\n'
  expect(replaceFigures(document, 'new\n')).toBe(
    'a\n<!-- figures -->\n\nnew\n\n<!-- /figures -->\nb\n',
  )
  expect(() => replaceFigures('nothing', 'new')).toThrow(/figures/)
})
