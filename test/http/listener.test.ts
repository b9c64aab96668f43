import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { StaticFile } from '../../src/http/static.ts'
import { OpenDoor, openSocket } from './door.ts'
import { exchange, FakeClock, type Started, start } from './parts.ts'

let server: Started | undefined
afterEach(async () => {
  await server?.listener.close(0)
  server = undefined
})

const files = new Map<string, StaticFile>([
  ['/static/hookbox.js', { type: 'text/javascript; charset=utf-8', body: Buffer.from('hello') }],
])

describe('static files', () => {
  it('are served by their exact path only', async () => {
    server = await start({ files })
    const answer = await fetch(`${server.url}/static/hookbox.js?v=1`)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
    expect(answer.headers.get('cache-control')).toBe('public, max-age=300')
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
    expect(answer.headers.get('access-control-allow-origin')).toBe('*')
    expect(answer.headers.get('vary')).toBe('Origin')
    expect(await answer.text()).toBe('hello')
    for (const path of [
      '/static/',
      '/static/..%2fpackage.json',
      '/static/hookbox.js%00',
      '/package.json',
    ]) {
      const other = await exchange(
        server.port,
        `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
      )
      expect(other, path).toMatch(/^HTTP\/1\.1 404 /)
      expect(other).toMatch(/x-content-type-options: nosniff/i)
    }
  })

  it('answer HEAD, and 304 to who has them', async () => {
    server = await start({ files })
    const url = `${server.url}/static/hookbox.js`
    const head = await fetch(url, { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '5'])
    const etag = head.headers.get('etag') ?? ''
    for (const known of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
      const again = await fetch(url, { headers: { 'if-none-match': known } })
      expect([again.status, await again.text()]).toEqual([304, ''])
    }
    const changed = await fetch(url, { headers: { 'if-none-match': '"x"' } })
    expect([changed.status, await changed.text()]).toEqual([200, 'hello'])
  })

  it('carry credentials to own origins only', async () => {
    server = await start({ files, settings: { ownOrigin: ['https://app.example'] } })
    const url = `${server.url}/static/hookbox.js`
    const own = await fetch(url, { headers: { origin: 'https://app.example' } })
    expect(own.headers.get('access-control-allow-origin')).toBe('https://app.example')
    expect(own.headers.get('access-control-allow-credentials')).toBe('true')
    const foreign = await fetch(url, { headers: { origin: 'https://evil.example' } })
    expect(foreign.headers.get('access-control-allow-origin')).toBe('*')
    expect(foreign.headers.get('access-control-allow-credentials')).toBeNull()
    await Promise.all([own.text(), foreign.text()])
  })
})

describe('health', () => {
  async function ready(): Promise<[number, unknown]> {
    const answer = await fetch(`${server?.url}/health/ready`)
    return [answer.status, await answer.json()]
  }

  it('is live, and ready while nothing speaks against it', async () => {
    let reasons: readonly string[] = []
    server = await start({ ready: async () => reasons })
    const live = await fetch(`${server.url}/health/live`)
    expect([live.status, await live.json()]).toEqual([200, { status: 'live' }])
    expect(live.headers.get('access-control-allow-origin')).toBeNull()
    expect(await ready()).toEqual([200, { status: 'ready' }])
    reasons = ['store_failed']
    expect(await ready()).toEqual([503, { status: 'not_ready', reasons: ['store_failed'] }])
    server.listener.drain()
    expect(await ready()).toEqual([503, { status: 'not_ready', reasons: ['draining'] }])
  })

  it('tells a code, not an error’s text', async () => {
    server = await start({
      ready: () => {
        throw new Error('/secret/path')
      },
    })
    expect(await ready()).toEqual([503, { status: 'not_ready', reasons: ['check_failed'] }])
  })

  it('waits two seconds for one check, however many ask', async () => {
    const clock = new FakeClock()
    let checks = 0
    let started = (): void => {}
    const bothAsked = new Promise<void>((resolve) => {
      started = resolve
    })
    let waiting = 0
    const after = clock.after.bind(clock)
    clock.after = (ms, run) => {
      if (ms === 2000 && ++waiting === 2) started()
      return after(ms, run)
    }
    server = await start({
      clock,
      ready: () => {
        checks += 1
        return new Promise(() => {})
      },
    })
    const both = Promise.all([ready(), ready()])
    await bothAsked
    clock.advance(2000)
    const late = [503, { status: 'not_ready', reasons: ['check_timeout'] }]
    expect(await both).toEqual([late, late])
    expect(checks).toBe(1)
  })
})

describe('rubbish', () => {
  it.each([
    ['hello\r\n\r\n', 400],
    ['GET / HTTP/1.1\r\nHost: x\r\nBad header\r\n\r\n', 400],
    [`GET / HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(70_000)}\r\n\r\n`, 431],
    ['GET / HTTP/1.1\r\n\r\n', 400],
    [
      'POST /web/publish HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
      400,
    ],
    ['POST /web/publish HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n', 400],
  ])('is answered: %j', async (bytes, status) => {
    server = await start({})
    const answer = await exchange(server.port, bytes)
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(answer).toMatch(/x-content-type-options: nosniff/i)
    expect(server.telemetry.failures).toEqual([])
    const live = await fetch(`${server.url}/health/live`)
    expect(live.status).toBe(200)
    await live.text()
  })

  it.each(['', 'GET / HTTP/1.1\r\nHost: x\r\nX-Slow: '])(
    'that comes slowly is ended with 408: %j',
    async (bytes) => {
      server = await start({ settings: { headersTimeoutMs: 100, requestTimeoutMs: 200 } })
      expect(await exchange(server.port, bytes)).toMatch(/^HTTP\/1\.1 408 /)
      expect(server.telemetry.limits).toEqual(['headers-timeout'])
    },
  )

  it('at an unknown path is answered in plain text', async () => {
    server = await start({})
    const answer = await fetch(`${server.url}/<b>`)
    expect([answer.status, await answer.text()]).toEqual([404, 'Not found'])
    expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8')
  })
})

describe('the access log', () => {
  it('tells method, path, status, bytes and address, and no query', async () => {
    server = await start({ files })
    const url = `${server.url}/web/publish?security_token=right&channel_name=c`
    const answer = await fetch(url, { headers: { 'x-forwarded-for': '203.0.113.9' } })
    const bytes = (await answer.text()).length
    await (await fetch(`${server.url}/nothing`)).text()
    expect(server.access).toEqual([
      {
        method: 'GET',
        path: '/web/publish',
        status: 200,
        bytes,
        ms: expect.any(Number),
        address: '203.0.113.9',
      },
      {
        method: 'GET',
        path: '/nothing',
        status: 404,
        bytes: 9,
        ms: expect.any(Number),
        address: '127.0.0.1',
      },
    ])
  })
})

describe('a plain call of REST', () => {
  const plain = { method: 'POST', body: 'security_token=right&channel_name=c&payload=1' }

  it('is in the access log like every other', async () => {
    server = await start({})
    const headers = { 'x-forwarded-for': '203.0.113.9' }
    const bytes = (await (await fetch(`${server.url}/web/publish`, { ...plain, headers })).text())
      .length
    expect(server.access).toEqual([
      {
        method: 'POST',
        path: '/web/publish',
        status: 200,
        bytes,
        ms: expect.any(Number),
        address: '203.0.113.9',
      },
    ])
  })

  it('gets the answer and the headers that the same call gets the long way', async () => {
    server = await start({})
    const { url } = server
    const answers = await Promise.all(
      ['/web/publish', '/web/publish/', '/web/nothing', '/web/nothing/'].map(async (path) => {
        const answer = await fetch(`${url}${path}`, plain)
        const headers = Object.fromEntries(answer.headers)
        return { status: answer.status, text: await answer.text(), ...headers, date: '' }
      }),
    )
    expect(answers[0]).toEqual(answers[1])
    expect(answers[2]).toEqual(answers[3])
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 404, 404])
  })

  it('ends its link while the server drains', async () => {
    server = await start({})
    server.listener.drain()
    const answer = await fetch(`${server.url}/web/publish`, plain)
    expect([answer.status, answer.headers.get('connection')]).toEqual([200, 'close'])
  })
})

describe('the end', () => {
  it('waits for what is under way', async () => {
    let release = (): void => {}
    let begun = (): void => {}
    const running = new Promise<void>((resolve) => {
      begun = resolve
    })
    server = await start({
      answers: {
        publish: () => {
          begun()
          return new Promise((resolve) => {
            release = () => resolve({ offset: 1 })
          })
        },
      },
    })
    const answer = fetch(`${server.url}/web/publish?security_token=right&channel_name=c`)
    await running
    const closed = server.listener.close(60_000)
    release()
    const body = await (await answer).json()
    expect(body).toEqual([true, { offset: 1 }])
    await closed
    await expect(fetch(`${server.url}/health/live`)).rejects.toThrow()
  })

  it('does not wait longer than it may, and ends WebSockets', async () => {
    const door = new OpenDoor()
    const clock = new FakeClock()
    let begun = (): void => {}
    const running = new Promise<void>((resolve) => {
      begun = resolve
    })
    server = await start({
      door,
      clock,
      answers: {
        publish: () => {
          begun()
          return new Promise(() => {})
        },
      },
    })
    const ws = await openSocket(server.port)
    const ended = once(ws, 'close')
    const answer = fetch(`${server.url}/web/publish?security_token=right&channel_name=c`)
    const failed = expect(answer).rejects.toThrow()
    await running
    const closed = server.listener.close(10_000)
    clock.advance(10_000)
    await Promise.all([closed, failed, ended])
    await door.only.until(({ ended: how }) => how === 'unclean')
  })

  it('comes at once where a port is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address() as { port: number }
    await expect(start({ settings: { webApiPort: port } })).rejects.toMatchObject({
      code: 'EADDRINUSE',
      port,
    })
    taken.close()
  })
})

describe('many requests on one link', () => {
  it('are answered in order', async () => {
    server = await start({})
    const one = 'GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n'
    const socket = connect(server.port, '127.0.0.1', () => socket.write(one.repeat(3)))
    let text = ''
    for await (const chunk of socket) {
      text += chunk
      if (text.split('{"status":"live"}').length === 4) break
    }
    expect(text.match(/HTTP\/1\.1 200/g)).toHaveLength(3)
  })
})
