import { afterEach, describe, expect, it } from 'vitest'
import { cspTransport, type Peer } from '../contract/transports/peer.ts'
import { cspModes } from '../helpers/csp-modes.ts'
import { type CuttingProxy, startCuttingProxy } from '../helpers/cutting-proxy.ts'
import { OpenDoor } from './door.ts'
import { type Started, start } from './parts.ts'

const count = 150
const numbered = (what: string) => Array.from({ length: count }, (_, n) => `${what}${n}é;`)

let server: Started
let proxy: CuttingProxy
let peer: Peer

afterEach(async () => {
  peer.cut()
  await proxy.close()
  await server.listener.close(0)
})

describe.each(cspModes)('CSP, $name, behind a proxy that dies in the middle of answers', (mode) => {
  it.each([1, 2, 3])('loses nothing and doubles nothing (seed %i)', async (seed) => {
    const door = new OpenDoor()
    server = await start({ door })
    proxy = await startCuttingProxy(server.port, seed)
    peer = await cspTransport(mode).open(proxy.url)
    const { link } = door.only
    // Three times what one answer takes, so that asking again gets through in the end.
    proxy.cutWithin(12_000)
    const [down, up] = [numbered('down'), numbered('up')]
    for (const text of up) peer.send(text)
    for (const text of down) {
      link.write([{ text }])
      await new Promise((resolve) => setImmediate(resolve))
    }
    await Promise.all([
      peer.until((text) => text.length >= down.join('').length),
      door.only.until(({ text }) => text.length >= up.join('').length),
    ])
    expect(peer.text).toBe(down.join(''))
    expect(door.only.text).toBe(up.join(''))
    expect(proxy.cuts).toBeGreaterThan(0)
    link.write([{ text: 'end' }])
    link.close(1000, '')
    await peer.closed
    expect(peer.text).toBe(`${down.join('')}end`)
  })
})
