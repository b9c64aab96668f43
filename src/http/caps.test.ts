import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { ConnectionCaps } from './caps.ts'

function link(): Socket {
  return new EventEmitter() as Socket
}

describe('connection caps', () => {
  it('count all links, and give room back when one closes', () => {
    const caps = new ConnectionCaps({ total: 2, perAddress: 9 })
    const first = link()
    expect(caps.admit(first, '1.1.1.1')).toBeUndefined()
    expect(caps.admit(first, '1.1.1.1')).toBeUndefined()
    expect(caps.admit(link(), undefined)).toBeUndefined()
    const third = link()
    expect(caps.admit(third, '2.2.2.2')).toMatchObject({ code: 'server_full', status: 503 })
    first.emit('close')
    expect(caps.admit(third, '2.2.2.2')).toBeUndefined()
    expect(caps.total).toBe(2)
  })

  it('watch all links by one listener, and let each go once', () => {
    const caps = new ConnectionCaps({ total: 9, perAddress: 9 })
    const links = [link(), link()]
    for (const each of links) caps.admit(each, '1.1.1.1')
    const listeners = links.flatMap((each) => each.listeners('close'))
    expect(listeners).toHaveLength(2)
    expect(new Set(listeners).size).toBe(1)
    links[0]?.emit('close')
    links[0]?.emit('close')
    expect(caps.total).toBe(1)
  })

  it('count links of one address, IPv6 by /64', () => {
    const caps = new ConnectionCaps({ total: 9, perAddress: 1 })
    const first = link()
    expect(caps.admit(first, '2001:db8::1')).toBeUndefined()
    expect(caps.admit(link(), '2001:db8::2')).toMatchObject({ status: 429 })
    expect(caps.admit(link(), '2001:db8:0:1::2')).toBeUndefined()
    first.emit('close')
    expect(caps.admit(link(), '2001:db8::2')).toBeUndefined()
  })

  it('count a proxy’s link for its client once that is known', () => {
    const caps = new ConnectionCaps({ total: 9, perAddress: 1 })
    const first = link()
    const second = link()
    caps.admit(first, undefined)
    caps.admit(second, undefined)
    expect(caps.assign(first, '1.1.1.1')).toBeUndefined()
    expect(caps.assign(first, '1.1.1.1')).toBeUndefined()
    expect(caps.assign(second, '1.1.1.1')).toMatchObject({ status: 429 })
    first.emit('close')
    expect(caps.assign(second, '1.1.1.1')).toBeUndefined()
    expect(caps.total).toBe(1)
  })
})
