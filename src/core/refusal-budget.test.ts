import { describe, expect, it } from 'vitest'
import { createManualClock } from '../../test/helpers/manual-clock.ts'
import { configOf } from '../config/config-of.ts'
import { RefusalBudget } from './refusal-budget.ts'

const address = '192.0.2.1'

function createBudget(perMinute: number) {
  const clock = createManualClock()
  const settings = { ...configOf({}), maxRefusedConnectsPerMinute: perMinute }
  return { clock, budget: new RefusalBudget(clock, settings) }
}

describe('RefusalBudget', () => {
  it('is spent at the limit, for that address only', () => {
    const { budget } = createBudget(3)
    for (let i = 0; i < 2; i += 1) budget.spend(address)
    expect(budget.isSpent(address)).toBe(false)
    budget.spend(address)
    expect(budget.isSpent(address)).toBe(true)
    expect(budget.isSpent('192.0.2.2')).toBe(false)
  })

  it('is whole again a minute after the first refusal, not after the last', async () => {
    const { clock, budget } = createBudget(2)
    budget.spend(address)
    await clock.advance(59_000)
    budget.spend(address)
    expect(budget.isSpent(address)).toBe(true)
    await clock.advance(1000)
    expect(budget.isSpent(address)).toBe(false)
    budget.spend(address)
    expect(budget.isSpent(address)).toBe(false)
  })

  it('remembers ten thousand addresses and forgets the oldest', () => {
    const { budget } = createBudget(1)
    for (let i = 0; i < 10_001; i += 1) budget.spend(`a${i}`)
    expect(budget.isSpent('a0')).toBe(false)
    expect(budget.isSpent('a1')).toBe(true)
    expect(budget.isSpent('a10000')).toBe(true)
  })
})
