import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { Refusal } from '../../src/core/errors.ts'
import type { Link } from '../../src/core/ports.ts'
import type { HttpSettings } from '../../src/http/settings.ts'
import { OpenDoor, openSocket } from './door.ts'
import { exchange, FakeClock, type Started, start } from './parts.ts'

let server: Started
let door: OpenDoor
const sockets: (WebSocket | Socket)[] = []

beforeEach(() => {
  door = new OpenDoor()
})
afterEach(async () => {
  for (const socket of sockets.splice(0)) {
    if (socket instanceof WebSocket) socket.terminate()
    else socket.destroy()
  }
  await server.listener.close(0)
})

async function serve(settings: Partial<HttpSettings> = {}, clock?: FakeClock): Promise<void> {
  server = await start({ settings, door, ...(clock === undefined ? {} : { clock }) })
}

async function open(options?: Parameters<typeof openSocket>[1]): Promise<WebSocket> {
  const ws = await openSocket(server.port, options)
  sockets.push(ws)
  return ws
}

function messagesOf(ws: WebSocket, count: number): Promise<string[]> {
  return new Promise((resolve) => {
    const got: string[] = []
    ws.on('message', (data) => {
      got.push(String(data))
      if (got.length === count) resolve(got)
    })
  })
}

const upgradeHead =
  'Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'

/** A link whose bytes the test writes itself. */
async function rawLink(): Promise<Socket> {
  const socket = connect(server.port, '127.0.0.1').setNoDelay()
  sockets.push(socket)
  socket.write(`GET /ws HTTP/1.1\r\n${upgradeHead}`)
  await once(socket, 'data')
  return socket
}

/** A client's frame; a mask of zeros leaves the payload readable. */
function frame(first: number, payload: string | Buffer): Buffer {
  const bytes = Buffer.from(payload)
  return Buffer.concat([Buffer.from([first, 0x80 | bytes.length, 0, 0, 0, 0]), bytes])
}

describe('the upgrade', () => {
  it('opens at /ws and /ws/, and is told with address and protocol', async () => {
    await serve()
    await open()
    await open({ path: '/ws/?x=1' })
    expect(door.seen.map(({ from }) => from)).toEqual([
      { protocol: 'hookbox', transport: 'websocket', address: '127.0.0.1' },
      { protocol: 'hookbox', transport: 'websocket', address: '127.0.0.1' },
    ])
    expect(server.access).toMatchObject([
      { method: 'GET', path: '/ws', status: 101 },
      { path: '/ws/', status: 101 },
    ])
  })

  it('counts cookies of own origins and of no origin only', async () => {
    await serve({ ownOrigin: ['https://app.example'] })
    await open({ headers: { cookie: 'a=1' } })
    await open({ headers: { cookie: 'a=2', origin: 'https://app.example' } })
    await open({ headers: { cookie: 'a=3', origin: 'https://evil.example' } })
    await open({ headers: { cookie: 'a=4', origin: 'null' } })
    await open({ headers: { cookie: 'a=5', origin: `http://localhost:${server.port}` } })
    expect(door.seen.map(({ cookies }) => cookies)).toEqual([
      'a=1',
      'a=2',
      undefined,
      undefined,
      'a=5',
    ])
  })

  it('takes the address that the proxy says', async () => {
    await serve()
    await open({ headers: { 'x-forwarded-for': '6.6.6.6, 203.0.113.9' } })
    expect(door.only.from.address).toBe('203.0.113.9')
    expect(door.asked).toEqual(['203.0.113.9'])
  })

  it.each([
    [new Refusal('server_full'), 503, 'Too many connections'],
    [new Refusal('draining'), 503, 'Server restarts, reconnect'],
  ])('is refused where the core says so: %s', async (refusal, status, text) => {
    await serve()
    door.refusal = refusal
    const answer = await exchange(server.port, `GET /ws HTTP/1.1\r\n${upgradeHead}`)
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(answer).toContain('X-Content-Type-Options: nosniff')
    expect(answer).toContain('Retry-After')
    expect(answer.endsWith(`\r\n\r\n${text}`)).toBe(true)
    expect(door.seen).toEqual([])
  })

  it('is refused to origins that are not listed, elsewhere, and while draining', async () => {
    await serve({ allowOrigin: ['https://app.example'] })
    await expect(open({ headers: { origin: 'https://evil.example' } })).rejects.toThrow('403')
    await expect(open({ path: '/other' })).rejects.toThrow('404')
    server.listener.drain()
    await expect(open()).rejects.toThrow('503')
    expect(door.seen).toEqual([])
  })

  it.each([
    ['POST /ws HTTP/1.1', upgradeHead],
    ['GET /ws HTTP/1.1', upgradeHead.replace('Version: 13', 'Version: 7')],
    ['GET /ws HTTP/1.1', upgradeHead.replace('dGhl', '')],
  ])('is refused with 400 where it is malformed: %s', async (line, head) => {
    await serve()
    const answer = await exchange(server.port, `${line}\r\n${head}`)
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect(answer).toContain('X-Content-Type-Options: nosniff')
  })

  it('leaves requests alone that offer another protocol', async () => {
    await serve()
    const head = 'Host: x\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\n\r\n'
    expect(await exchange(server.port, `GET /health/live HTTP/1.1\r\n${head}`)).toMatch(/ 200 OK/)
  })

  it('closes a link that the core refuses after all', async () => {
    await serve()
    door.late = new Refusal('draining')
    const [code, reason] = await once(await open(), 'close')
    expect([code, String(reason)]).toEqual([1012, 'Server restarts, reconnect'])
    door.late = new Error('bug')
    expect((await once(await open(), 'close'))[0]).toBe(1011)
    expect(server.telemetry.failures).toEqual([{ stage: 'accept', error: door.late }])
  })
})

describe('caps', () => {
  it('answer 503 with the reason beyond --max-connections, and let in again', async () => {
    await serve({ maxConnections: 2 })
    const first = await open()
    await open()
    await expect(open()).rejects.toThrow('503')
    expect(server.telemetry.limits).toEqual(['max-connections'])
    const health = await fetch(`${server.url}/health/live`)
    expect(health.status).toBe(200)
    await health.text()
    const closed = once(first, 'close')
    first.close()
    await closed
    await door.seen[0]?.until(({ ended }) => ended !== undefined)
    await open()
  })

  it('answer 429 beyond --max-connections-per-address', async () => {
    await serve({ maxConnectionsPerAddress: 1 })
    await open()
    await expect(open()).rejects.toThrow('429')
    await open({ headers: { 'x-forwarded-for': '203.0.113.9' } })
    await expect(open({ headers: { 'x-forwarded-for': '203.0.113.9' } })).rejects.toThrow('429')
    await open({ headers: { 'x-forwarded-for': '2001:db8::1' } })
    await expect(open({ headers: { 'x-forwarded-for': '2001:db8::2' } })).rejects.toThrow('429')
    expect(new Set(server.telemetry.limits)).toEqual(new Set(['max-connections-per-address']))
  })

  it('count a client without a proxy as soon as it connects', async () => {
    await serve({ maxConnectionsPerAddress: 1, trustProxy: [] })
    await open()
    const answer = await exchange(server.port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    expect(answer).toMatch(/^HTTP\/1\.1 429 /)
    expect(answer).toContain('Too many connections from this address')
  })
})

describe('what the browser sends', () => {
  it('arrives as text, however it is cut into messages and fragments', async () => {
    await serve()
    const socket = await rawLink()
    const bytes = Buffer.from('é€')
    socket.write(
      Buffer.concat([
        frame(0x81, '[1,"A"'),
        frame(0x81, ',{}]\r\n[2'),
        frame(0x01, 'x'),
        frame(0x89, 'ping between'),
        frame(0x00, bytes.subarray(0, 1)),
        frame(0x80, bytes.subarray(1)),
        frame(0x82, 'binary'),
        frame(0x82, bytes.subarray(0, 3)),
        frame(0x82, bytes.subarray(3)),
      ]),
    )
    await door.only.until(({ text }) => text.endsWith('€') && text.includes('binary'))
    expect(door.only.text).toBe('[1,"A",{}]\r\n[2xé€binaryé€')
  })

  it.each([
    ['text', [frame(0x81, Buffer.from([0xff]))]],
    ['binary', [frame(0x82, Buffer.from([0xc3])), frame(0x82, 'a')]],
    ['half a character before text', [frame(0x82, Buffer.from([0xc3])), frame(0x81, 'a')]],
  ])('ends the link with 1007 where it is no UTF-8: %s', async (_what, frames) => {
    await serve()
    const socket = await rawLink()
    const answered = once(socket, 'data')
    socket.write(Buffer.concat(frames))
    const [answer] = (await answered) as [Buffer]
    expect(answer[0]).toBe(0x88)
    expect(answer.readUInt16BE(2)).toBe(1007)
    socket.write(frame(0x81, 'after'))
    socket.end(frame(0x88, Buffer.from([0x03, 0xef])))
    await door.only.until(({ ended }) => ended !== undefined)
    expect(door.only.ended).toBe('unclean')
    expect(door.only.text).not.toContain('a')
  })

  it('may be many frames in one message, but not a message beyond 1 MiB', async () => {
    await serve()
    const ws = await open()
    ws.send('x'.repeat(1_000_000))
    await door.only.until(({ text }) => text.length === 1_000_000)
    ws.send('x'.repeat(1_048_577))
    expect((await once(ws, 'close'))[0]).toBe(1009)
    expect(server.telemetry.limits).toEqual(['max-frame-bytes'])
    expect(door.only.text).toHaveLength(1_000_000)
  })

  it('ends the link with 1002 where it is no WebSocket frame', async () => {
    await serve()
    const socket = await rawLink()
    const answered = once(socket, 'data')
    socket.write(Buffer.from('GET / HTTP/1.1\r\n\r\n'))
    expect(((await answered) as [Buffer])[0].readUInt16BE(2)).toBe(1002)
  })

  it('ends the link with 1011 where it meets a bug, and others go on', async () => {
    await serve()
    const bug = new Error('bug')
    door.onReceive = (_seen, text) => {
      if (text === 'boom') throw bug
    }
    const ws = await open()
    const other = await open()
    ws.send('boom')
    ws.send('more')
    expect((await once(ws, 'close'))[0]).toBe(1011)
    expect(server.telemetry.failures).toEqual([{ stage: 'websocket', error: bug }])
    other.send('fine')
    await door.seen[1]?.until(({ text }) => text === 'fine')
    expect(door.seen[0]?.text).toBe('boom')
  })

  it('waits while reading is paused', async () => {
    await serve()
    const ws = await open()
    door.only.link.pause()
    ws.send('a')
    const answer = await fetch(`${server.url}/health/live`)
    await answer.text()
    expect(door.only.text).toBe('')
    door.only.link.resume()
    await door.only.until(({ text }) => text === 'a')
  })
})

describe('what the core writes', () => {
  it('arrives as one message each, in order', async () => {
    await serve()
    const ws = await open()
    const wanted = ['a', 'é'.repeat(100), 'x'.repeat(70_000), 'y', 'z'.repeat(1_200_000)]
    const got = messagesOf(ws, 7)
    const { link } = door.only
    link.write([])
    link.write([{ text: 'first' }])
    link.write(wanted.map((text) => ({ text })))
    link.write([{ text: 'last' }])
    expect(await got).toEqual(['first', ...wanted, 'last'])
  })

  it('is framed once for all links', async () => {
    await serve()
    const one = messagesOf(await open(), 2)
    const two = messagesOf(await open(), 2)
    const turn = [{ text: 'a' }, { text: 'b' }]
    for (const { link } of door.seen) link.write(turn)
    expect(await Promise.all([one, two])).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ])
  })

  it('does not get between the bytes of pongs and the other way round', async () => {
    await serve()
    const ws = await open()
    const got = messagesOf(ws, 80)
    const pongs: string[] = []
    ws.on('pong', (data) => pongs.push(String(data)))
    door.onReceive = ({ link }, text) => link.write([{ text }, { text: 'x'.repeat(50_000) }])
    for (let i = 0; i < 40; i += 1) {
      ws.ping(String(i))
      ws.send(String(i))
    }
    const numbers = (await got).filter((text) => text.length < 4)
    expect(numbers).toEqual(Array.from({ length: 40 }, (_, i) => String(i)))
    expect(pongs).toEqual(numbers)
  })

  it('waits in pendingBytes for a slow reader', async () => {
    await serve()
    const ws = await open()
    ws.pause()
    const { link } = door.only
    expect(link.pendingBytes).toBe(0)
    const message = { text: 'x'.repeat(1_000_000) }
    let written = 0
    while (link.pendingBytes < 5_000_000 && written < 100) {
      link.write([message])
      written += 1
    }
    expect(link.pendingBytes).toBeGreaterThanOrEqual(5_000_000)
    const got = messagesOf(ws, written + 1)
    link.write([{ text: 'end' }])
    ws.resume()
    expect((await got).at(-1)).toBe('end')
    expect(link.pendingBytes).toBe(0)
  })

  it('is dropped once the link is closing', async () => {
    await serve()
    const ws = await open()
    const { link } = door.only
    const closed = once(ws, 'close')
    ws.on('message', () => expect.unreachable())
    link.close(4001, 'Disconnected by the app')
    link.write([{ text: 'late' }])
    link.close(4002, 'again')
    const [code, reason] = await closed
    expect([code, String(reason)]).toEqual([4001, 'Disconnected by the app'])
  })

  it('is compressed where both sides want it', async () => {
    await serve({ compress: true })
    const ws = await open({ compress: true })
    expect(ws.extensions).toContain('permessage-deflate')
    const plain = await open()
    expect(plain.extensions).toBe('')
    const texts = ['a', 'x'.repeat(10_000), 'b']
    const got = [messagesOf(ws, 3), messagesOf(plain, 3)]
    for (const { link } of door.seen) link.write(texts.map((text) => ({ text })))
    expect(await Promise.all(got)).toEqual([texts, texts])
    ws.send('y'.repeat(5000))
    await door.seen[0]?.until(({ text }) => text.length === 5000)
    ws.send('y'.repeat(65_537))
    expect((await once(ws, 'close'))[0]).toBe(1009)
  })
})

describe('compression', () => {
  it('is done once for all links, in order with what is not compressed', async () => {
    await serve({ compress: true })
    const links = [await open({ compress: true }), await open({ compress: true })]
    const long = 'long '.repeat(1000)
    const got = links.map((ws) => messagesOf(ws, 3))
    const turn: { text: string; framed?: unknown }[] = [
      { text: 'a' },
      { text: long },
      { text: 'b' },
    ]
    const [one, two] = door.seen
    one?.link.write(turn)
    const framed = Object.values(turn[1]?.framed as object)
    two?.link.write(turn)
    expect(await Promise.all(got)).toEqual([
      ['a', long, 'b'],
      ['a', long, 'b'],
    ])
    expect(framed).toHaveLength(1)
    expect(Object.values(turn[1]?.framed as object)[0]).toBe(framed[0])
  })

  it('is left out where a browser wants a smaller window', async () => {
    await serve({ compress: true })
    const ws = await open({ compress: { serverMaxWindowBits: 9 } })
    expect(ws.extensions).toContain('permessage-deflate')
    const turn: { text: string; framed?: unknown } = { text: 'long '.repeat(1000) }
    door.only.link.write([turn])
    expect(turn.framed).not.toHaveProperty('webSocketDeflated')
    ws.terminate()
  })
})

function textsOf(ws: WebSocket): string[] {
  const texts: string[] = []
  ws.on('message', (data) => texts.push(String(data)))
  return texts
}

/** Where two lists of long texts differ; `toEqual` would print them. */
function firstUnlike(got: string[] = [], wanted: string[] = []): number | undefined {
  const index = got.findIndex((text, n) => text !== wanted[n])
  return index === -1 ? undefined : index
}

describe('a browser that reads slowly', () => {
  /** Writes to a link what nobody else gets; `sent` remembers it. */
  function writer(link: Link | undefined, name: string) {
    const sent: string[] = []
    const write = (): number => {
      const text = `${name} ${sent.length} `.repeat(250)
      sent.push(text)
      link?.write([{ text }])
      return link?.pendingBytes ?? 0
    }
    return { sent, write }
  }

  it('gets every message whole and in order, while others get theirs', async () => {
    await serve()
    const ends = [await open(), await open()] as const
    const [slow] = ends
    const [one, two] = door.seen.map(({ link }) => link)
    const writers = [writer(one, 'slow'), writer(two, 'quick')] as const
    const got = ends.map((ws) => textsOf(ws))
    for (let round = 0; round < 5; round += 1) {
      slow.pause()
      // What the slow one does not take stands where the quick one's bytes are put next.
      while (writers[0].write() === 0) writers[1].write()
      writers[1].write()
      slow.resume()
      while ((one?.pendingBytes ?? 0) > 0) await new Promise(setImmediate)
    }
    const sent = writers.map((each) => each.sent)
    const counts = (lists: string[][]) => lists.map(({ length }) => length)
    await expect.poll(() => counts(got)).toEqual(counts(sent))
    expect(firstUnlike(got[0], sent[0])).toBeUndefined()
    expect(firstUnlike(got[1], sent[1])).toBeUndefined()
  })
})

describe('the end', () => {
  it.each([[1000], [1001], [undefined]])('is clean where the browser says so: %s', async (code) => {
    await serve()
    const ws = await open()
    // 1001 is what browsers send when a page is left.
    if (code === 1001) {
      const socket = await rawLink()
      socket.write(frame(0x88, Buffer.from([0x03, 0xe9])))
      await door.seen[1]?.until(({ ended }) => ended !== undefined)
      expect(door.seen[1]?.ended).toBe('clean')
      return
    }
    ws.close(code)
    await door.only.until(({ ended }) => ended !== undefined)
    expect(door.only.ended).toBe('clean')
  })

  it('is unclean where the network says so', async () => {
    await serve()
    const ws = await open()
    ws.terminate()
    await door.only.until(({ ended }) => ended !== undefined)
    expect(door.only.ended).toBe('unclean')
    const socket = await rawLink()
    socket.end()
    await door.seen[1]?.until(({ ended }) => ended !== undefined)
    expect(door.seen[1]?.ended).toBe('unclean')
  })

  it('cuts a reason that is too long', async () => {
    await serve()
    const ws = await open()
    const closed = once(ws, 'close')
    door.only.link.close(4001, '€'.repeat(200))
    const [, reason] = await closed
    expect(String(reason)).toBe('€'.repeat(41))
  })

  it('comes to a browser that is read no more, too', async () => {
    await serve()
    const ws = await open()
    door.only.link.pause()
    ws.send('never read')
    const closed = once(ws, 'close')
    door.only.link.close(4002, 'Frame not finished in time')
    await closed
    await door.only.until(({ ended }) => ended !== undefined)
    expect(door.only.ended).toBe('clean')
    expect(door.only.text).toBe('')
  })

  it('comes to a link that answers no ping', async () => {
    const clock = new FakeClock()
    await serve({}, clock)
    const silent = await rawLink()
    const pinged = once(silent, 'data')
    const alive = await open()
    const ping = once(alive, 'ping')
    clock.advance(1000)
    await ping
    alive.send('alive')
    await door.seen[1]?.until(({ text }) => text === 'alive')
    clock.advance(24_000)
    await pinged
    clock.advance(20_000)
    await door.seen[0]?.until(({ ended }) => ended !== undefined)
    expect(door.seen[0]?.ended).toBe('lost')
    expect(door.seen[1]?.ended).toBeUndefined()
    expect(server.telemetry.limits).toEqual(['ping-timeout'])
  })

  it('comes to a message that never ends', async () => {
    const clock = new FakeClock()
    await serve({ pingTimeoutMs: 3_600_000 }, clock)
    const socket = await rawLink()
    // It answers pings, and the close.
    socket.on('data', ([first]: Buffer) =>
      first === 0x89 ? socket.write(frame(0x8a, '')) : socket.end(frame(0x88, '')),
    )
    socket.write(frame(0x81, 'whole'))
    await door.only.until(({ text }) => text === 'whole')
    socket.write(frame(0x01, 'half'))
    const other = await open()
    for (let i = 0; i < 100 && door.seen[0]?.ended === undefined; i += 1) {
      clock.advance(10_000)
      other.send('tick')
      await door.seen[1]?.until(({ received }) => received.length === i + 1)
    }
    expect(door.seen[0]?.ended).toBe('unclean')
    expect(server.telemetry.limits).toEqual(['frame-timeout'])
    expect(other.readyState).toBe(other.OPEN)
  })
})
