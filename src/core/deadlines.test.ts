import { describe, expect, it } from 'vitest'
import { createCountingClock } from '../../test/helpers/core-world.ts'
import { Deadlines } from './deadlines.ts'

function createDeadlines() {
  const clock = createCountingClock()
  const due: string[] = []
  return { clock, due, deadlines: new Deadlines<string>(clock, (key) => due.push(key)) }
}

describe('Deadlines', () => {
  it('fire once, at most one sweep late', async () => {
    const { clock, due, deadlines } = createDeadlines()
    deadlines.set('a', 2500)
    await clock.advance(2000)
    expect(due).toEqual([])
    await clock.advance(1500)
    expect(due).toEqual(['a'])
    expect(deadlines.has('a')).toBe(false)
    await clock.advance(10_000)
    expect(due).toEqual(['a'])
  })

  it('do not fire when cleared, and fire later when moved', async () => {
    const { clock, due, deadlines } = createDeadlines()
    deadlines.set('a', 1000)
    deadlines.set('b', 1000)
    deadlines.clear('a')
    deadlines.set('b', 5000)
    await clock.advance(4000)
    expect(due).toEqual([])
    await clock.advance(2000)
    expect(due).toEqual(['b'])
  })

  it('of ten thousand keys cost one timer at a time', async () => {
    const { clock, due, deadlines } = createDeadlines()
    for (let i = 0; i < 10_000; i += 1) deadlines.set(`k${i}`, 1500)
    expect(clock.timers).toBe(1)
    await clock.advance(3000)
    expect(due).toHaveLength(10_000)
    expect(clock.timers).toBe(2)
  })

  it('leave no timer behind where there are none', async () => {
    const { clock, deadlines } = createDeadlines()
    deadlines.set('a', 500)
    await clock.advance(60_000)
    expect(clock.timers).toBe(1)
  })

  it('are gone after close', async () => {
    const { clock, due, deadlines } = createDeadlines()
    deadlines.set('a', 1000)
    deadlines.close()
    await clock.advance(5000)
    expect(due).toEqual([])
  })
})
