import { describe, expect, it } from 'vitest'
import { simulate } from './simulate.ts'

const seeds = 300
const perTest = 25

describe('the simulation', () => {
  for (let from = 1; from <= seeds; from += perTest) {
    it(`holds every guarantee in runs ${from} to ${from + perTest - 1}`, async () => {
      let acknowledged = 0
      let pushed = 0
      for (let seed = from; seed < from + perTest; seed += 1) {
        const outcome = await simulate(seed)
        expect(outcome.violations, `npm run simulate -- --seed ${seed}`).toEqual([])
        acknowledged += outcome.acknowledged
        pushed += outcome.pushed
      }
      // Runs in which nothing gets through would prove nothing.
      expect(acknowledged).toBeGreaterThan(perTest)
      expect(pushed).toBeGreaterThan(perTest)
    })
  }

  it('repeats a run exactly from its seed', async () => {
    const first = await simulate(7, { traces: 'traces' })
    await simulate(8)
    const second = await simulate(7, { traces: 'traces' })
    expect(first.trace.length).toBeGreaterThan(100)
    expect(second.trace).toEqual(first.trace)
  })
})
