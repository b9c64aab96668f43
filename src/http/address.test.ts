import { describe, expect, it } from 'vitest'
import { FakeClock, Memo } from '../../test/http/parts.ts'
import { addressKey, createAddresses } from './address.ts'

function addresses(trustProxy: string[] = ['127.0.0.0/8', '::1/128', '10.0.0.0/8']) {
  const clock = new FakeClock()
  const telemetry = new Memo()
  return { clock, telemetry, made: createAddresses(trustProxy, { clock, telemetry }) }
}

function from(peer: string, headers: Record<string, string> = {}) {
  return { headers, socket: { remoteAddress: peer } }
}

describe('the client’s address', () => {
  it.each([
    ['203.0.113.9', undefined, '203.0.113.9'],
    ['::ffff:203.0.113.9', undefined, '203.0.113.9'],
    ['203.0.113.9', '198.51.100.1', '203.0.113.9'],
    ['127.0.0.1', undefined, '127.0.0.1'],
    ['127.0.0.1', '198.51.100.1', '198.51.100.1'],
    ['::ffff:127.0.0.1', '198.51.100.1', '198.51.100.1'],
    ['::1', '198.51.100.1', '198.51.100.1'],
    ['127.0.0.1', '6.6.6.6, 198.51.100.1', '198.51.100.1'],
    ['127.0.0.1', '6.6.6.6, 198.51.100.1, 10.1.2.3', '198.51.100.1'],
    ['127.0.0.1', '6.6.6.6, unknown', '127.0.0.1'],
    ['127.0.0.1', '198.51.100.1:4711', '198.51.100.1'],
    ['127.0.0.1', '[2001:db8::1]:4711', '2001:db8::1'],
    ['127.0.0.1', '2001:DB8:0::1', '2001:db8::1'],
    ['127.0.0.1', '10.0.0.1, 10.0.0.2', '127.0.0.1'],
    ['127.0.0.1', '1', '127.0.0.1'],
    ['127.0.0.1', '0x7f.1', '127.0.0.1'],
    ['127.0.0.1', '<script>', '127.0.0.1'],
    ['127.0.0.1', ',,', '127.0.0.1'],
  ])('of peer %s with X-Forwarded-For %s is %s', (peer, forwarded, client) => {
    const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }
    expect(addresses().made.clientOf(from(peer, headers))).toBe(client)
  })

  it('ignores X-Real-IP and Forwarded', () => {
    const headers = { 'x-real-ip': '6.6.6.6', forwarded: 'for=6.6.6.6' }
    expect(addresses().made.clientOf(from('127.0.0.1', headers))).toBe('127.0.0.1')
  })

  it('tells of an untrusted X-Forwarded-For once an hour, with the flag', () => {
    const { made, telemetry, clock } = addresses()
    const request = from('172.17.0.1', { 'x-forwarded-for': '6.6.6.6' })
    made.clientOf(request)
    made.clientOf(request)
    expect(telemetry.events).toHaveLength(1)
    expect(JSON.stringify(telemetry.events)).toContain('--trust-proxy 172.17.0.1')
    clock.advance(3_600_000)
    made.clientOf(request)
    expect(telemetry.events).toHaveLength(2)
  })

  it('names the setting that is no address', () => {
    expect(() => addresses(['10.0.0.0/33'])).toThrow('Not an address or CIDR range: 10.0.0.0/33')
    expect(() => addresses(['proxy.example'])).toThrow(TypeError)
  })

  it('trusts single addresses too', () => {
    const { made } = addresses(['192.0.2.7', '2001:db8::7'])
    expect(made.isProxy('192.0.2.7')).toBe(true)
    expect(made.isProxy('192.0.2.8')).toBe(false)
    expect(made.isProxy('2001:db8:0::7')).toBe(true)
    expect(made.isProxy('')).toBe(false)
  })
})

describe('the scheme', () => {
  it('is what a trusted proxy says', () => {
    const { made } = addresses()
    const secure = { 'x-forwarded-proto': 'https' }
    expect(made.schemeOf(from('127.0.0.1', secure))).toBe('https')
    expect(made.schemeOf(from('203.0.113.9', secure))).toBe('http')
    expect(made.schemeOf(from('127.0.0.1'))).toBe('http')
  })
})

describe('what limits count by', () => {
  it('is an IPv4 address or the /64 of an IPv6 one', () => {
    expect(addressKey('203.0.113.9')).toBe('203.0.113.9')
    expect(addressKey('2001:db8:1:2:aaaa::1')).toBe(addressKey('2001:db8:1:2:bbbb::9'))
    expect(addressKey('2001:db8:1:3::1')).not.toBe(addressKey('2001:db8:1:2::1'))
    expect(addressKey('::ffff:203.0.113.9')).toBe('203.0.113.9')
  })
})
