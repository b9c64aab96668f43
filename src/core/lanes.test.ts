import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Lanes, userChannelLane } from './lanes.ts'

describe('Lanes', () => {
  it('run the acts of a lane one after the other, in order', async () => {
    const lanes = new Lanes()
    const log: string[] = []
    const gate = Promise.withResolvers<void>()
    const first = lanes.run('a', async () => {
      log.push('first begins')
      await gate.promise
      log.push('first ends')
    })
    const second = lanes.run('a', async () => {
      log.push('second')
      return 2
    })
    await Promise.resolve()
    expect(log).toEqual(['first begins'])
    gate.resolve()
    await first
    await expect(second).resolves.toBe(2)
    expect(log).toEqual(['first begins', 'first ends', 'second'])
  })

  it('do not wait for each other', async () => {
    const lanes = new Lanes()
    const never = lanes.run('a', () => new Promise<void>(() => {}))
    await expect(lanes.run('b', async () => 'done')).resolves.toBe('done')
    expect(never).toBeInstanceOf(Promise)
  })

  it('go on after an act that fails, whose caller alone hears of it', async () => {
    const lanes = new Lanes()
    const failed = lanes.run('a', () => Promise.reject(new Error('broken')))
    const next = lanes.run('a', async () => 'next')
    await expect(failed).rejects.toThrow('broken')
    await expect(next).resolves.toBe('next')
  })

  it('are forgotten when they are empty', async () => {
    const lanes = new Lanes()
    const acts = ['a', 'b', 'a'].map((key) => lanes.run(key, async () => {}))
    expect(lanes.size).toBe(2)
    await Promise.all(acts)
    await Promise.resolve()
    expect(lanes.size).toBe(0)
  })

  it('are settled when everything handed in before is over, failed or not', async () => {
    const lanes = new Lanes()
    const log: string[] = []
    const gate = Promise.withResolvers<void>()
    void lanes.run('a', () => gate.promise)
    void lanes.run('a', async () => void log.push('a'))
    lanes.run('b', () => Promise.reject(new Error('broken'))).catch(() => log.push('b'))
    const settled = lanes.settled().then(() => log.push('settled'))
    gate.resolve()
    await settled
    expect(log).toEqual(['b', 'a', 'settled'])
  })
})

describe('userChannelLane', () => {
  it('is another one for every other pair of names', () => {
    const name = fc.string({ unit: fc.constantFrom('1', ':', 'a'), minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(fc.tuple(name, name), fc.tuple(name, name), (one, other) => {
        const isSame = one[0] === other[0] && one[1] === other[1]
        expect(userChannelLane(...one) === userChannelLane(...other)).toBe(isSame)
      }),
      { numRuns: 1000 },
    )
  })
})
