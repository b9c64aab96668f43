import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { HttpSettings } from '../../src/http/settings.ts'
import { CspCalls } from './csp-calls.ts'
import { OpenDoor } from './door.ts'
import { exchange, FakeClock, type Started, start } from './parts.ts'

let server: Started
let door: OpenDoor
let csp: CspCalls

beforeEach(() => {
  door = new OpenDoor()
})
afterEach(() => server.listener.close(0))

async function serve(settings: Partial<HttpSettings> = {}, clock?: FakeClock): Promise<void> {
  server = await start({ settings, door, ...(clock === undefined ? {} : { clock }) })
  csp = new CspCalls(server.url)
}

/** A turn of the event loop. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Resolves once a comet request of the only session is held: then silence is not judged by its expiry. */
async function held(): Promise<void> {
  while (door.only.link.stalledTimeoutMs !== undefined) await turn()
}

describe('the handshake', () => {
  it('gives an unguessable key that is not the connection id, wrapped as asked', async () => {
    await serve()
    const plain = await csp.call('handshake')
    expect(plain.text).toMatch(/^\(\{"session":"[0-9a-f]{32}"\}\)$/)
    expect(plain.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    const script = await csp.call(
      'handshake',
      'rp=cb7&rs=;&ct=application/javascript&d=%7B%7D&n=0.5',
    )
    expect(script.text).toMatch(/^cb7\(\{"session":"[0-9a-f]{32}"\}\);$/)
    expect(script.headers.get('content-type')).toBe('application/javascript; charset=utf-8')
    const keys = await Promise.all(Array.from({ length: 20 }, () => csp.handshake()))
    expect(new Set(keys).size).toBe(20)
  })

  it.each([
    ['rp', '<script>', 'cb1234567890', 'cb', 'alert', 'data:', 'cb1;alert(1)//', 'cb1%0a'],
    ['bp', '<script>', 'CB1', 'cb-1'],
    ['rs', ';;', '%0a%0a', '<'],
    ['bs', '%0d', '//', '%0d%0a%0d'],
    ['ct', 'image/svg%2bxml', 'text/xml', 'text/plain;charset=x', ''],
    ['p', 'x', '%20'.repeat(2049)],
    ['ps', '1e9', '4097', '-1', '', '0x10', '1.5'],
    ['du', '61', '-1', '1e1', 'NaN', '', '0.5'],
    ['i', '4', '61', '-5', ''],
    ['is', '2', 'true', ''],
    ['se', '2', 'on'],
  ])('refuses whatever is not listed for %s', async (name, ...values) => {
    await serve()
    for (const value of values) {
      const { status, text, headers } = await csp.call('handshake', `${name}=${value}`)
      expect([value, status, text]).toEqual([value, 400, `Invalid ${name}`])
      expect(headers.get('access-control-allow-origin')).toBe('*')
    }
    expect(door.seen).toEqual([])
  })

  it('serves text/html as plain text, and refuses fields given twice and broken escapes', async () => {
    await serve()
    const html = await csp.call('handshake', 'ct=text/html')
    expect(html.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    expect((await csp.call('handshake', 'du=1&du=2')).status).toBe(400)
    expect((await csp.call('handshake', 'p=%ff')).status).toBe(400)
  })

  it('counts no cookies for scripts, images, forms and pages', async () => {
    await serve({ ownOrigin: ['https://app.example'] })
    const head = (lines: string): string =>
      `GET /csp/handshake HTTP/1.1\r\nHost: x\r\nCookie: a=1\r\nConnection: close\r\n${lines}\r\n`
    for (const lines of [
      'Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: script\r\n',
      'Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: image\r\n',
      'Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n',
      'Origin: https://app.example\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n',
      'Sec-Fetch-Site: none\r\n',
      'Sec-Fetch-Site: same-site\r\n',
      '',
    ]) {
      expect(await exchange(server.port, head(lines))).toMatch(/^HTTP\/1.1 200 /)
      expect(door.seen.at(-1)?.cookies).toBeUndefined()
    }
    await exchange(server.port, head('Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\n'))
    expect(door.seen.at(-1)?.cookies).toBe('a=1')
    await exchange(server.port, head('Origin: https://app.example\r\n'))
    expect(door.seen.at(-1)?.cookies).toBe('a=1')
  })
})

describe('every answer', () => {
  it('is kept by nobody, runs nothing, and may be read by any page', async () => {
    await serve()
    const key = await csp.handshake('du=0')
    const answers = await Promise.all([
      csp.call('handshake', 'du=0'),
      csp.call('comet', `s=${key}`),
      csp.call('comet', `s=${key}&is=1`),
      csp.call('send', `s=${key}&d=[]`),
      csp.call('send', `s=${key}&d=[[]]`),
      csp.call('comet', 's=unknown'),
      csp.call('reflect', 'd=x'),
      csp.call('nothing'),
      csp.call('send', `s=${key}`, { method: 'DELETE' }),
    ])
    expect(answers.map(({ status }) => status)).toEqual([
      200, 200, 200, 200, 400, 404, 200, 404, 405,
    ])
    for (const { headers } of answers) {
      expect(headers.get('cache-control')).toBe('no-store')
      expect(headers.get('content-security-policy')).toBe("default-src 'none'; sandbox")
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('x-accel-buffering')).toBe('no')
      expect(headers.get('access-control-allow-origin')).toBe('*')
      expect(headers.get('access-control-allow-credentials')).toBeNull()
      expect(headers.get('vary')).toBe('Origin')
    }
    expect(answers.at(-1)?.headers.get('allow')).toBe('GET, POST, OPTIONS')
  })

  it('names own origins, with credentials, and no other where origins are listed', async () => {
    await serve({ ownOrigin: ['https://app.example'], allowOrigin: ['https://other.example'] })
    const own = await csp.call('comet', 's=x', { headers: { origin: 'https://app.example' } })
    expect(own.status).toBe(404)
    expect(own.headers.get('access-control-allow-origin')).toBe('https://app.example')
    expect(own.headers.get('access-control-allow-credentials')).toBe('true')
    const evil = await csp.call('comet', 's=x', { headers: { origin: 'https://evil.example' } })
    expect([evil.status, evil.headers.get('access-control-allow-origin')]).toEqual([403, null])
  })

  it('lets pages ask first', async () => {
    await serve()
    const asked = await csp.call('send', 's=x', {
      method: 'OPTIONS',
      headers: { origin: 'https://x.example', 'access-control-request-method': 'POST' },
    })
    expect(asked.status).toBe(200)
    expect(asked.headers.get('access-control-allow-methods')).toBe('GET, POST')
    expect(asked.headers.get('access-control-allow-headers')).toContain('Content-Type')
  })

  it('says that a session is not known as the classic client reads it', async () => {
    await serve()
    for (const action of ['comet', 'send', 'close']) {
      for (const key of ['', 's=x&d=[]', `s=${'0'.repeat(32)}&d=[]`, 's=__proto__&d=[]']) {
        const { status, text } = await csp.call(action, key)
        expect([status, text]).toEqual([404, "'Session not found'"])
      }
    }
  })

  it('logs no key', async () => {
    await serve()
    const key = await csp.handshake()
    await csp.send(key, [])
    expect(server.access.map(({ path }) => path)).toEqual(['/csp/handshake', '/csp/send'])
    expect(JSON.stringify(server.access)).not.toContain(key)
  })
})

describe('comet', () => {
  it('answers with what there is, again until it is acknowledged', async () => {
    await serve()
    const key = await csp.handshake('du=0')
    expect(await csp.comet(key)).toEqual([])
    door.only.link.write([{ text: 'one' }, { text: 'two' }])
    const both = [
      [1, 0, 'one'],
      [2, 0, 'two'],
    ]
    expect(await csp.comet(key)).toEqual(both)
    expect(await csp.comet(key, 'a=0')).toEqual(both)
    expect(await csp.comet(key, 'a=1')).toEqual(both.slice(1))
    expect(await csp.comet(key, 'a=0')).toEqual(both.slice(1))
    door.only.link.write([{ text: 'three' }])
    await csp.send(key, [], 'a=2')
    expect(await csp.comet(key)).toEqual([[3, 0, 'three']])
    expect(door.only.link.pendingBytes).toBe('"three"'.length)
    expect(await csp.comet(key, 'a=3')).toEqual([])
    expect(door.only.link.pendingBytes).toBe(0)
  })

  it.each(['4', '-1', '1e1', '9'.repeat(20), 'x', '1.5'])(
    'refuses to be told that %s was received',
    async (a) => {
      await serve()
      const key = await csp.handshake('du=0')
      door.only.link.write([{ text: 'one' }])
      expect((await csp.call('comet', `s=${key}&a=${a}`)).status).toBe(400)
      expect((await csp.call('send', `s=${key}&a=${a}&d=[[1,0,"x"]]`)).status).toBe(400)
      expect(await csp.comet(key)).toEqual([[1, 0, 'one']])
      expect(door.only.text).toBe('')
    },
  )

  it('writes nothing that could be a script', async () => {
    await serve()
    const key = await csp.handshake('du=0')
    door.only.link.write([{ text: '</script><!--\u2028\u2029é' }])
    const { text } = await csp.call('comet', `s=${key}`)
    expect(text).toBe('([[1,0,"\\u003c/script>\\u003c!--\\u2028\\u2029é"]])')
  })

  it('wraps batches as the session says, and remembers what any request says', async () => {
    await serve()
    const key = await csp.handshake('du=0&bp=cb3&bs=;&ct=application/javascript')
    expect((await csp.call('comet', `s=${key}`)).text).toBe('cb3([]);')
    const next = await csp.call('send', `s=${key}&d=[]&bp=cb4&rp=cb5&rs=%0a`)
    expect(next.text).toBe('cb5("OK")\n')
    const { text, headers } = await csp.call('comet', `s=${key}&p=%20%20&ps=5`)
    expect(text).toBe(`${' '.repeat(7)}cb4([]);`)
    expect(headers.get('content-type')).toBe('application/javascript; charset=utf-8')
  })

  it('changes nothing where one variable is refused', async () => {
    await serve()
    const key = await csp.handshake('du=0')
    expect((await csp.call('comet', `s=${key}&bs=;&bp=<script>`)).status).toBe(400)
    expect((await csp.call('comet', `s=${key}`)).text).toBe('([])')
  })

  it('adds event ids, counts Last-Event-ID, and pads by a comment', async () => {
    await serve()
    const key = await csp.handshake('du=0&se=1&bp=data:%20&bs=%0d%0a%0d%0a&p=%20&ps=2')
    door.only.link.write([{ text: 'a' }, { text: 'b' }])
    const { text, headers } = await csp.call('comet', `s=${key}`)
    expect(text).toBe(':   \r\ndata: ([[1,0,"a"],[2,0,"b"]])\r\n\r\nid: 2\r\n')
    expect(headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    const later = await csp.call('comet', `s=${key}&a=0`, { headers: { 'last-event-id': '1' } })
    expect(later.text).toContain('data: ([[2,0,"b"]])')
  })

  it('is held until there is something, or for du seconds', async () => {
    const clock = new FakeClock()
    await serve({}, clock)
    const key = await csp.handshake('du=20')
    const answered = csp.comet(key)
    await held()
    door.only.link.write([{ text: 'now' }])
    expect(await answered).toEqual([[1, 0, 'now']])
    const empty = csp.comet(key, 'a=1')
    await held()
    clock.advance(21_000)
    expect(await empty).toEqual([])
  })

  it('is held once per session: a newer request ends the older with an empty list', async () => {
    await serve()
    const key = await csp.handshake()
    const older = csp.comet(key)
    await held()
    const newer = csp.comet(key)
    expect(await older).toEqual([])
    door.only.link.write([{ text: 'x' }])
    expect(await newer).toEqual([[1, 0, 'x']])
  })

  it('streams batches, signs of life, and an end after du seconds', async () => {
    const clock = new FakeClock()
    await serve({}, clock)
    const key = await csp.handshake('is=1&du=12&i=5&bs=%0a')
    const answered = csp.call('comet', `s=${key}&ps=3`)
    await held()
    door.only.link.write([{ text: 'a' }])
    door.only.link.write([{ text: 'b' }])
    clock.advance(6000)
    clock.advance(7000)
    clock.advance(2000)
    const { text } = await answered
    const [first, second, ...lives] = text.trimEnd().split('\n')
    expect([first, second]).toEqual(['   ([[1,0,"a"]])', '([[2,0,"b"]])'])
    expect(lives.length).toBeGreaterThan(1)
    expect(new Set(lives)).toEqual(new Set(['([])']))
  })

  it('ends a stream that is never acknowledged, so that memory stays bounded', async () => {
    await serve({ maxWaitingBytes: 100_000 })
    const key = await csp.handshake('is=1&bs=%0a')
    const answered = csp.call('comet', `s=${key}`)
    await held()
    for (let n = 0; n < 8; n += 1) door.only.link.write([{ text: 'x'.repeat(10_000) }])
    const { text } = await answered
    expect(text.match(/\[\d+,0,/g)).toHaveLength(5)
    const rest = csp.call('comet', `s=${key}&a=5`)
    await held()
    await csp.call('close', `s=${key}`)
    expect((await rest).text).toContain('[8,0,')
  })

  it('brings what is large in steps', async () => {
    await serve()
    const key = await csp.handshake('du=0')
    door.only.link.write([{ text: '🙂'.repeat(200_000) }])
    let text = ''
    let last = 0
    for (let steps = 0; ; steps += 1) {
      const packets = await csp.comet(key, `a=${last}`)
      if (packets.length === 0) {
        expect(steps).toBeGreaterThan(5)
        break
      }
      for (const [id, , data] of packets) {
        last = id
        text += data
      }
    }
    expect(text === '🙂'.repeat(200_000)).toBe(true)
  })
})

describe('send', () => {
  it('takes packets once each and in order, however they come', async () => {
    await serve()
    const key = await csp.handshake()
    expect(await csp.send(key, [[2, 0, 'b']])).toEqual([200, '("OK")'])
    expect(door.only.text).toBe('')
    await csp.send(key, [
      [3, 0, 'c'],
      [1, 0, 'a'],
    ])
    await csp.send(key, [
      [1, 0, 'again'],
      [3, 0, 'again'],
      [4, 0, 'd'],
    ])
    const get = await csp.call(
      'send',
      `s=${key}&d=${encodeURIComponent('[[5,1,"4pyTPz8-_w=="],[6,0,"+ é"]]')}`,
    )
    expect(get.status).toBe(400)
    await csp.call('send', `s=${key}&d=${encodeURIComponent('[[6,1,"4pyT"],[7,0,"+ é"]]')}`)
    expect(door.only.text).toBe('abcd')
  })

  it.each([
    '',
    '{}',
    'null',
    'x',
    '[1]',
    '[[]]',
    '[[1,0]]',
    '[[1,0,"x",1]]',
    '[["1",0,"x"]]',
    '[[0,0,"x"]]',
    '[[-1,0,"x"]]',
    '[[1.5,0,"x"]]',
    '[[1e400,0,"x"]]',
    '[[9007199254740993,0,"x"]]',
    '[[1,2,"x"]]',
    '[[1,"0","x"]]',
    '[[1,0,1]]',
    '[[1,0,{}]]',
    '[[1,0,["x"]]]',
    '[[1,1,"a+b/"]]',
    '[[1,1,"abcde"]]',
    '[[1,0,"\\ud800"]]',
    '[[1,0,"x"],[2]]',
    '['.repeat(10_000),
    `${'['.repeat(10_000)}${']'.repeat(10_000)}`,
    Buffer.from([0x5b, 0xff, 0x5d]).toString('latin1'),
  ])('takes nothing of what is no list of packets: %#', async (body) => {
    await serve()
    const key = await csp.handshake()
    const bytes = Buffer.from(body, body.includes('\u00ff') ? 'latin1' : 'utf8')
    const { status } = await csp.call('send', `s=${key}`, { method: 'POST', body: bytes })
    expect(status).toBe(400)
    expect(door.only.text).toBe('')
    expect(await csp.send(key, [[1, 0, 'fine']])).toEqual([200, '("OK")'])
    expect(door.only.text).toBe('fine')
    expect(server.telemetry.failures).toEqual([])
  })

  it('refuses a body of a megabyte, and goes on', async () => {
    await serve()
    const key = await csp.handshake()
    expect((await csp.send(key, [[1, 0, 'x'.repeat(1_000_000)]]))[0]).toBe(413)
    expect(server.telemetry.limits).toEqual(['max-frame-bytes'])
    const long = await exchange(
      server.port,
      `GET /csp/send?s=${key}&d=${'x'.repeat(1_000_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
    )
    expect(long).toMatch(/^HTTP\/1.1 431 /)
    expect((await csp.send(key, [[1, 0, 'fine']]))[0]).toBe(200)
    expect(door.only.text).toBe('fine')
  })

  it('lets packets wait behind a gap up to 256 and 256 KiB', async () => {
    await serve()
    const key = await csp.handshake()
    expect((await csp.send(key, [[257, 0, 'x']]))[0]).toBe(429)
    expect((await csp.send(key, [[256, 0, 'x']]))[0]).toBe(200)
    const piece = 'x'.repeat(130_000)
    expect((await csp.send(key, [[2, 0, piece]]))[0]).toBe(200)
    expect((await csp.send(key, [[3, 0, piece]]))[0]).toBe(200)
    expect((await csp.send(key, [[4, 0, piece]]))[0]).toBe(429)
    expect(door.only.text).toBe('')
    expect((await csp.send(key, [[1, 0, piece]]))[0]).toBe(200)
    expect(door.only.text).toHaveLength(390_000)
    expect((await csp.send(key, [[4, 0, 'y']]))[0]).toBe(200)
    expect(door.only.text).toHaveLength(390_001)
  })

  it('lets packets wait while the core does not read, and no more', async () => {
    await serve()
    const key = await csp.handshake()
    door.only.link.pause()
    const packets = Array.from({ length: 256 }, (_, n) => [n + 1, 0, '.'])
    expect((await csp.send(key, packets))[0]).toBe(200)
    expect((await csp.send(key, [[257, 0, 'x']]))[0]).toBe(429)
    door.only.link.resume()
    expect(door.only.text).toHaveLength(256)
    expect((await csp.send(key, [[257, 0, 'x']]))[0]).toBe(200)
    expect(door.only.text).toHaveLength(257)
  })

  it('does not wait for a body that never ends', async () => {
    await serve({ requestTimeoutMs: 200, headersTimeoutMs: 100 })
    const key = await csp.handshake()
    const answer = await exchange(
      server.port,
      `POST /csp/send?s=${key} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n[[1,`,
    )
    expect(answer).toMatch(/^HTTP\/1.1 408 /)
    expect(server.telemetry.limits).toEqual(['request-timeout'])
    expect(door.only.text).toBe('')
  })

  it('ends the session with a packet of null', async () => {
    await serve()
    const key = await csp.handshake()
    const comet = csp.comet(key)
    await held()
    const last = await csp.send(key, [
      [1, 0, 'bye'],
      [2, 0, null],
    ])
    expect(last).toEqual([200, '("OK")'])
    expect(await comet).toEqual([])
    expect([door.only.text, door.only.ended]).toEqual(['bye', 'clean'])
    expect((await csp.call('comet', `s=${key}`)).status).toBe(404)
  })
})

describe('the end of a session', () => {
  it('is told to the browser by a packet of null, and again until it is acknowledged', async () => {
    await serve()
    const key = await csp.handshake('du=0')
    door.only.link.write([{ text: 'x' }])
    door.only.link.close(4001, 'kicked')
    expect(door.only.ended).toBeUndefined()
    const packets = [
      [1, 0, 'x'],
      [2, 0, null],
    ]
    expect(await csp.comet(key)).toEqual(packets)
    await door.only.until(({ ended }) => ended === 'clean')
    expect(await csp.comet(key)).toEqual(packets)
    expect((await csp.send(key, [[1, 0, 'late']], 'a=1'))[0]).toBe(200)
    expect(door.only.text).toBe('')
    expect((await csp.call('comet', `s=${key}&a=2`)).text).toBe('([])')
    expect((await csp.call('comet', `s=${key}`)).status).toBe(404)
  })

  it('does not wait for a browser that never fetches it', async () => {
    const clock = new FakeClock()
    await serve({}, clock)
    const key = await csp.handshake('du=60')
    door.only.link.close(1000, '')
    await csp.send(key, [[1, 0, 'still here']])
    clock.advance(11_000)
    expect(door.only.ended).toBe('unclean')
    expect((await csp.call('comet', `s=${key}`)).status).toBe(404)
  })

  it.each([
    ['du=20', 30_000],
    ['du=0', 60_000],
  ])('comes after a time without requests: %s', async (query, ms) => {
    const clock = new FakeClock()
    await serve({}, clock)
    const key = await csp.handshake(query)
    clock.advance(ms - 1500)
    expect((await csp.send(key, []))[0]).toBe(200)
    clock.advance(ms - 1500)
    expect(door.only.ended).toBeUndefined()
    expect(door.only.link.stalledTimeoutMs).toBe(ms)
    clock.advance(3000)
    expect(door.only.ended).toBe('lost')
    expect((await csp.call('comet', `s=${key}`)).status).toBe(404)
  })

  it('does not come while a request is held, but after one that broke off', async () => {
    const clock = new FakeClock()
    await serve({}, clock)
    const key = await csp.handshake('du=60')
    const gone = new AbortController()
    const comet = csp.call('comet', `s=${key}`, { signal: gone.signal })
    await held()
    clock.advance(59_000)
    gone.abort()
    await expect(comet).rejects.toThrow()
    while (door.only.ended === undefined) {
      clock.advance(30_000)
      await turn()
    }
    expect(door.only.ended).toBe('lost')
  })

  it('frees its place, once', async () => {
    await serve({ maxConnectionsPerAddress: 2 })
    const headers = { 'x-forwarded-for': '203.0.113.9' }
    const keys = [await csp.handshake('', { headers }), await csp.handshake('', { headers })]
    expect((await csp.call('handshake', '', { headers })).status).toBe(429)
    await csp.call('close', `s=${keys[0]}`)
    await csp.call('close', `s=${keys[0]}`)
    await csp.handshake('', { headers })
    expect((await csp.call('handshake', '', { headers })).status).toBe(429)
  })
})

describe('a full server', () => {
  it('goes on to serve the sessions it has', async () => {
    await serve({ maxConnections: 4 })
    const key = await csp.handshake('du=0')
    while ((await csp.call('handshake')).status === 200);
    const refused = await csp.call('handshake')
    expect([refused.status, refused.text]).toEqual([503, 'Too many connections'])
    expect(refused.headers.get('access-control-allow-origin')).toBe('*')
    const head = `GET /csp/comet?s=${key} HTTP/1.1\r\nHost: x\r\n\r\n`
    const answer = await exchange(server.port, head)
    expect(answer).toMatch(/^HTTP\/1.1 200 /)
    expect(answer).toMatch(/connection: close/i)
  })

  it('opens no session while it drains', async () => {
    await serve()
    const key = await csp.handshake('du=0')
    server.listener.drain()
    expect((await csp.call('handshake')).status).toBe(503)
    expect((await csp.call('comet', `s=${key}`)).status).toBe(200)
  })
})

describe('reflect', () => {
  it('echoes a kilobyte as plain text', async () => {
    await serve()
    const { text, headers } = await csp.call('reflect', 'd=%3Cscript%3E&ct=text/html&rp=cb1')
    expect(text).toBe('<script>')
    expect(headers.get('content-type')).toBe('text/plain; charset=utf-8')
    const posted = await csp.call('reflect', '', { method: 'POST', body: 'x'.repeat(1024) })
    expect(posted.text).toHaveLength(1024)
    const long = await csp.call('reflect', '', { method: 'POST', body: 'x'.repeat(1025) })
    expect(long.status).toBe(413)
  })
})
