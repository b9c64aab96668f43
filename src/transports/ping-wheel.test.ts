import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../test/http/parts.ts'
import { type Pingable, PingWheel } from './ping-wheel.ts'

class Fake implements Pingable {
  slot = 0
  pingedAt = 0
  isExcused = false
  pings: number[] = []
  lostAt: number | undefined
  readonly #clock: FakeClock

  constructor(clock: FakeClock) {
    this.#clock = clock
  }

  ping(): void {
    this.pings.push(this.#clock.now())
  }

  inspect(): void {}

  lost(): void {
    this.lostAt ??= this.#clock.now()
  }
}

function turning(intervalMs: number, timeoutMs: number) {
  const clock = new FakeClock()
  const wheel = new PingWheel<Fake>({ intervalMs, timeoutMs }, clock)
  const link = new Fake(clock)
  wheel.add(link)
  return { clock, wheel, link }
}

describe('the ping wheel', () => {
  it('pings once per interval a link that answers', () => {
    const { clock, link } = turning(25_000, 20_000)
    for (let i = 0; i < 1000; i += 1) {
      clock.advance(100)
      link.pingedAt = 0
    }
    expect(link.pings).toHaveLength(4)
    expect(link.pings.slice(1).map((at, i) => at - (link.pings[i] ?? 0))).toEqual([
      25_000, 25_000, 25_000,
    ])
    expect(link.lostAt).toBeUndefined()
  })

  it.each([
    [25_000, 20_000],
    [25_000, 25_000],
    [5_000, 20_000],
    [50, 20],
  ])('of %i ms gives a link up that is silent for %i ms after a ping', (interval, timeout) => {
    const { clock, link } = turning(interval, timeout)
    clock.advance(interval + timeout + 100)
    expect(link.pings).toHaveLength(1)
    expect((link.lostAt ?? 0) - (link.pings[0] ?? 0)).toBe(timeout)
  })

  it('gives no link up whose silence is our own doing', () => {
    const { clock, link } = turning(25_000, 20_000)
    link.isExcused = true
    clock.advance(200_000)
    expect(link.lostAt).toBeUndefined()
    link.isExcused = false
    clock.advance(50_000)
    expect(link.lostAt).toBeDefined()
  })

  it('spreads links over the interval and forgets those that left', () => {
    const { clock, wheel, link } = turning(25_000, 20_000)
    const others = Array.from({ length: 500 }, () => new Fake(clock))
    for (const other of others) wheel.add(other)
    wheel.remove(link)
    expect([...wheel.links()]).toHaveLength(500)
    clock.advance(12_500)
    const pinged = others.filter(({ pings }) => pings.length > 0).length
    expect(pinged).toBeGreaterThan(200)
    expect(pinged).toBeLessThan(300)
    expect(link.pings).toEqual([])
  })

  it('stops', () => {
    const { clock, wheel, link } = turning(25_000, 20_000)
    wheel.stop()
    clock.advance(100_000)
    expect(link.pings).toEqual([])
  })
})
