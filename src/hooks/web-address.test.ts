import { describe, expect, it } from 'vitest'
import { allowedHosts, isPublicAddress } from './web-address.ts'

describe('isPublicAddress', () => {
  it.each([
    '1.1.1.1',
    '93.184.216.34',
    '2606:4700::1111',
    '[2606:4700::1111]',
    '::ffff:1.1.1.1',
    '64:ff9b::101:101',
  ])('takes %s', (address) => {
    expect(isPublicAddress(address)).toBe(true)
  })

  it.each([
    '0.0.0.0',
    '10.0.0.1',
    '100.64.0.1',
    '127.0.0.1',
    '127.1.2.3',
    '169.254.169.254',
    '172.16.0.1',
    '192.168.1.1',
    '192.0.2.1',
    '198.18.0.1',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '[::1]',
    '::127.0.0.1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::ffff:10.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b::10.0.0.1',
    '64:ff9b:1::1',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    'fc00::1',
    'fd00::1',
    'ff02::1',
    '2001::1',
    '2001:db8::1',
    '2002:7f00:1::',
    'example.com',
    '',
    '1',
    '0x7f.1',
  ])('refuses %s', (address) => {
    expect(isPublicAddress(address)).toBe(false)
  })
})

describe('allowedHosts', () => {
  const allowed = allowedHosts(
    ['App.example', '[::1]'],
    ['10.0.0.5', 'feed.example:8080', '[fd00::1]:81'],
  )
  it.each<[string, number]>([
    ['app.example', 1],
    ['APP.example.', 80],
    ['[0:0:0:0:0:0:0:1]', 80],
    ['10.0.0.5', 4],
    ['feed.example', 8080],
    ['[fd00::1]', 81],
  ])('has %s %i', (host, port) => {
    expect(allowed.has(host, port)).toBe(true)
  })

  it.each<[string, number]>([
    ['x.app.example', 80],
    ['feed.example', 80],
    ['[fd00::1]', 80],
    ['10.0.0.6', 80],
  ])('has not %s %i', (host, port) => {
    expect(allowed.has(host, port)).toBe(false)
  })
})
