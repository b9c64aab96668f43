import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../test/http/parts.ts'
import { FailedLogins } from './failed-logins.ts'

describe('failed logins', () => {
  it('count per address, IPv6 by /64, and start anew each minute', () => {
    const clock = new FakeClock()
    const logins = new FailedLogins(1, clock)
    expect(logins.count('2001:db8::1')).toBe(true)
    expect(logins.count('2001:db8::2')).toBe(false)
    expect(logins.count('203.0.113.9')).toBe(true)
    clock.advance(60_000)
    expect(logins.count('2001:db8::2')).toBe(true)
  })

  it('count strangers together once there are too many addresses', () => {
    const logins = new FailedLogins(1, new FakeClock())
    for (let i = 0; i < 100_000; i += 1) logins.count(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`)
    expect(logins.count('203.0.113.1')).toBe(true)
    expect(logins.count('203.0.113.2')).toBe(false)
  })
})
