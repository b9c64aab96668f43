import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Refusal, refusals } from '../../../src/core/errors.ts'
import type { HttpSettings } from '../../../src/http/settings.ts'
import { OpenDoor, type SeenLink } from '../../http/door.ts'
import { FakeClock, type Started, start } from '../../http/parts.ts'
import type { Peer, PeerOptions, TransportUnderTest } from './peer.ts'

/** What a proxy in front needs to know. */
export interface Front {
  readonly url: string
  close(): Promise<void>
}

export interface SuiteOptions {
  /** Puts something between browser and server. */
  readonly front?: (server: Started) => Promise<Front>
}

/** The contract of every transport: `Link` towards the core (src/core/ports.ts), bytes in order towards the browser. */
export function describeTransport(under: TransportUnderTest, options: SuiteOptions = {}): void {
  describe(`transport ${under.name}`, () => {
    let server: Started
    let door: OpenDoor
    let front: Front | undefined
    let peers: Peer[] = []

    beforeEach(() => {
      door = new OpenDoor()
      peers = []
    })
    afterEach(async () => {
      for (const peer of peers) peer.cut()
      await front?.close()
      await server.listener.close(0)
    })

    async function serve(settings: Partial<HttpSettings> = {}, clock?: FakeClock): Promise<void> {
      server = await start({ settings, door, ...(clock === undefined ? {} : { clock }) })
      front = await options.front?.(server)
    }

    async function open(peerOptions?: PeerOptions): Promise<{ peer: Peer; seen: SeenLink }> {
      const before = door.seen.length
      const peer = await under.open(front?.url ?? server.url, peerOptions)
      peers.push(peer)
      const seen = door.seen[before]
      if (seen === undefined) throw new Error('nobody came in')
      return { peer, seen }
    }

    it('tells the core which transport and whose address it is', async () => {
      await serve()
      const { seen } = await open({ headers: { 'x-forwarded-for': '203.0.113.9' } })
      expect(seen.from).toMatchObject({ protocol: 'hookbox', transport: under.transport })
      if (front === undefined) expect(seen.from.address).toBe('203.0.113.9')
    })

    it('carries what the browser sends, in order', async () => {
      await serve()
      const { peer, seen } = await open()
      const wanted = Array.from({ length: 60 }, (_, n) => `[${n},"é€🙂<\u2028"]\r\n`)
      for (const text of wanted) peer.send(text)
      await seen.until(({ text }) => text.length >= wanted.join('').length)
      expect(seen.text).toBe(wanted.join(''))
    })

    it('carries what the core writes, in order, however it is written', async () => {
      await serve()
      const { peer, seen } = await open()
      seen.link.write([])
      seen.link.write([{ text: 'first' }])
      const texts = Array.from({ length: 50 }, (_, n) => ({
        text: `${n}</script>é🙂\u2028\u2029\r\n`,
      }))
      seen.link.write(texts.slice(0, 20))
      for (const encoded of texts.slice(20)) seen.link.write([encoded])
      const wanted = `first${texts.map(({ text }) => text).join('')}`
      await peer.until((text) => text.length >= wanted.length)
      expect(peer.text).toBe(wanted)
    })

    it('writes one message to many links at the cost of framing it once', async () => {
      await serve()
      const encoded: { text: string; framed?: unknown } = { text: 'shared' }
      const framings = new Set<unknown>()
      for (const own of ['a', 'b', 'c']) {
        const { seen, peer } = await open()
        seen.link.write([encoded, { text: own }])
        for (const framing of Object.values(encoded.framed as object)) framings.add(framing)
        await peer.until((text) => text === `shared${own}`)
      }
      expect(framings.size).toBe(1)
    })

    it('carries messages of megabytes both ways and does not part characters', async () => {
      await serve()
      const { peer, seen } = await open()
      const large = '🙂é'.repeat(400_000)
      seen.link.write([{ text: 'x' }, { text: large }, { text: 'end' }])
      await peer.until((text) => text.endsWith('end'))
      expect(peer.text === `x${large}end`).toBe(true)
      if (under.name.endsWith('JSONP')) return
      const pieces = Array.from({ length: 12 }, (_, n) => `${n}${'é'.repeat(40_000)}`)
      for (const piece of pieces) peer.send(piece)
      await seen.until(({ text }) => text.length >= pieces.join('').length)
      expect(seen.text === pieces.join('')).toBe(true)
    })

    it('does not care where frames and characters are cut', async () => {
      await serve()
      const { peer, seen } = await open()
      const bytes = Buffer.from('[1,"A",{}]\r\n[2,"é🙂",{}]\r\n[3,')
      for (const byte of bytes) peer.send(Buffer.from([byte]))
      await seen.until(({ text }) => text.endsWith('[3,'))
      expect(seen.text).toBe(bytes.toString())
    })

    it('ends a link that sends no UTF-8, and only that one', async () => {
      await serve()
      const { peer, seen } = await open()
      const other = await open()
      peer.send(Buffer.from('before'))
      peer.send(Buffer.from([0xc3]))
      peer.send('after')
      await seen.until(({ ended }) => ended !== undefined)
      expect(seen.ended).toBe('unclean')
      expect(seen.text).toBe('before')
      const { code } = await peer.closed
      if (under.tellsCodes) expect(code).toBe(1007)
      other.peer.send('fine')
      await other.seen.until(({ text }) => text === 'fine')
    })

    it('waits while reading is paused, and goes on in order', async () => {
      await serve()
      const { peer, seen } = await open()
      seen.link.pause()
      for (let n = 0; n < 20; n += 1) peer.send(`${n};`)
      await (await fetch(`${server.url}/health/live`)).text()
      expect(seen.text).toBe('')
      seen.link.resume()
      await seen.until(({ text }) => text.endsWith('19;'))
      expect(seen.text).toBe(Array.from({ length: 20 }, (_, n) => `${n};`).join(''))
    })

    it('may be paused by what it brings', async () => {
      await serve()
      door.onReceive = ({ link }) => link.pause()
      const { peer, seen } = await open()
      peer.send('a')
      peer.send('b')
      // What had been read with it may still come.
      await seen.until(({ text }) => text.startsWith('a'))
      seen.link.resume()
      await seen.until(({ text }) => text === 'ab')
    })

    it('tells the core what a slow reader has not taken', async () => {
      await serve()
      const { peer, seen } = await open()
      expect(seen.link.pendingBytes).toBe(0)
      peer.pause()
      const text = 'x'.repeat(1_000_000)
      let written = 0
      while (seen.link.pendingBytes < 3_000_000 && written < 100) {
        seen.link.write([{ text }])
        written += 1
        await new Promise((resolve) => setImmediate(resolve))
      }
      expect(seen.link.pendingBytes).toBeGreaterThanOrEqual(3_000_000)
      peer.resume()
      await peer.until((came) => came.length === written * text.length)
      while (seen.link.pendingBytes > 0) await new Promise((resolve) => setTimeout(resolve, 5))
    })

    it('drops a reader that is too slow, with all that waits for it', async () => {
      await serve()
      const { peer, seen } = await open()
      peer.pause()
      for (let n = 0; n < 20; n += 1) seen.link.write([{ text: 'x'.repeat(1_000_000) }])
      seen.link.close(refusals.slow_consumer.close, 'slow')
      await seen.until(({ ended }) => ended !== undefined)
      expect(seen.ended).toBe('unclean')
      expect(seen.link.pendingBytes).toBe(0)
      peer.resume()
      expect((await peer.closed).clean).toBe(false)
    })

    it('sends what waits before it closes, and ends cleanly', async () => {
      await serve()
      const { peer, seen } = await open()
      seen.link.write([{ text: 'last' }, { text: 'words' }])
      seen.link.close(4001, 'Disconnected by the app')
      seen.link.write([{ text: 'never' }])
      seen.link.close(1011, 'again')
      const { clean, code } = await peer.closed
      expect(clean).toBe(true)
      if (under.tellsCodes) expect(code).toBe(4001)
      expect(peer.text).toBe('lastwords')
      await seen.until(({ ended }) => ended !== undefined)
      expect(seen.ended).toBe('clean')
    })

    it('brings nothing after the server has closed', async () => {
      await serve()
      const { peer, seen } = await open()
      peer.send('before')
      await seen.until(({ text }) => text === 'before')
      seen.link.close(1000, '')
      peer.send('after')
      await seen.until(({ ended }) => ended !== undefined)
      expect(seen.text).toBe('before')
    })

    it('ends cleanly where the browser closes', async () => {
      await serve()
      const { peer, seen } = await open()
      peer.send('bye')
      peer.close()
      await seen.until(({ ended }) => ended !== undefined)
      expect(seen.ended).toBe('clean')
      expect(seen.text).toBe('bye')
    })

    it('ends uncleanly where the browser is gone', async () => {
      const clock = under.noticesCut === 'at once' ? undefined : new FakeClock()
      await serve({}, clock)
      const { peer, seen } = await open()
      peer.send('hello')
      await seen.until(({ text }) => text === 'hello')
      peer.cut()
      // The closed request has to be noticed before silence counts.
      while (clock !== undefined && seen.ended === undefined) {
        clock.advance(10_000)
        await new Promise((resolve) => setImmediate(resolve))
      }
      await seen.until(({ ended }) => ended !== undefined)
      expect(seen.ended).toBe(under.noticesCut === 'at once' ? 'unclean' : 'lost')
    })

    it('meets a bug with an end of this link, and others go on', async () => {
      await serve()
      const bug = new Error('bug')
      door.onReceive = (_seen, text) => {
        if (text === 'boom') throw bug
      }
      const { peer, seen } = await open()
      const other = await open()
      peer.send('boom')
      peer.send('more')
      const { code } = await peer.closed
      if (under.tellsCodes) expect(code).toBe(1011)
      expect(seen.text).toBe('boom')
      expect(server.telemetry.failures.map(({ error }) => error)).toEqual([bug])
      other.peer.send('fine')
      await other.seen.until(({ text }) => text === 'fine')
    })

    it('opens no link while the core says so', async () => {
      await serve()
      door.refusal = new Refusal('draining')
      await expect(open()).rejects.toThrow('503')
      expect(door.seen).toEqual([])
    })

    it('opens no link to origins that are not listed', async () => {
      await serve({ allowOrigin: ['https://app.example'] })
      await expect(open({ headers: { origin: 'https://evil.example' } })).rejects.toThrow('403')
      await open({ headers: { origin: 'https://app.example' } })
    })

    it('counts links per address', async () => {
      if (options.front !== undefined) return
      await serve({ maxConnectionsPerAddress: 1 })
      const headers = { 'x-forwarded-for': '203.0.113.9' }
      const { peer, seen } = await open({ headers })
      await expect(open({ headers })).rejects.toThrow('429')
      expect(server.telemetry.limits).toContain('max-connections-per-address')
      await open({ headers: { 'x-forwarded-for': '203.0.113.10' } })
      peer.close()
      await seen.until(({ ended }) => ended !== undefined)
    })

    it('counts cookies only where the origin lets them', async () => {
      await serve({ ownOrigin: ['https://app.example'] })
      const cookiesOf = async (headers: Record<string, string>) =>
        (await open({ headers: { cookie: 'a=1', ...headers } })).seen.cookies
      const own = under.cookiesOfOwnOrigin === 'count' ? 'a=1' : undefined
      const plain = under.cookiesWithoutOrigin === 'count' ? 'a=1' : undefined
      const sameOrigin = under.cookiesWithoutOrigin === 'never count' ? undefined : 'a=1'
      expect(await cookiesOf({ origin: 'https://app.example' })).toBe(own)
      expect(await cookiesOf({ origin: 'https://evil.example' })).toBeUndefined()
      expect(await cookiesOf({ origin: 'null' })).toBeUndefined()
      // fetch() says `Sec-Fetch-Mode: cors` by itself, as a page's would.
      expect(await cookiesOf({})).toBe(plain)
      expect(await cookiesOf({ 'sec-fetch-site': 'same-origin' })).toBe(sameOrigin)
    })

    it('ends with the listener', async () => {
      await serve()
      const { seen } = await open()
      await server.listener.close(0)
      await seen.until(({ ended }) => ended !== undefined)
      expect(seen.ended).toBe('unclean')
    })
  })
}
