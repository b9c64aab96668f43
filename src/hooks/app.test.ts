import { createHmac } from 'node:crypto'
import net from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import {
  answerWith,
  type HookServer,
  hookSettings,
  type Respond,
  startHookServer,
} from '../../test/fixtures/hook-server.ts'
import { HookFailure, Refusal } from '../core/errors.ts'
import type { Gate, Notice } from '../core/ports.ts'
import { type AppParts, createApp, type HttpApp } from './app.ts'
import type { HookSettings } from './settings.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()))
})

interface Pair {
  app: HttpApp
  server: HookServer
}

async function start(
  respond: Respond,
  change: Partial<HookSettings> = {},
  more: { tls?: boolean; parts?: AppParts } = {},
): Promise<Pair> {
  const server = await startHookServer(respond, more)
  const app = createApp(hookSettings(server.port, change), more.parts)
  open.push(server, app)
  return { app, server }
}

const subscribe: Gate = {
  hook: 'subscribe',
  form: [
    ['channel_name', 'room'],
    ['destination', 'room'],
    ['user', 'ann'],
  ],
}

const disconnect: Notice = {
  id: 'ntc_1',
  kind: 'disconnect',
  due: 0,
  body: '{"name":"änn","conn_id":"c1","channels":["a","b"]}',
  tries: 0,
}

/** undici takes a link back at the end of the turn in which its answer came. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

async function failureOf(promise: Promise<unknown>): Promise<HookFailure> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(HookFailure)
  return error as HookFailure
}

describe('a hook as the app sees it', () => {
  it('is a form POST with action first and secret last', async () => {
    const { app, server } = await start(answerWith([true, {}]), { hookSecret: 's3cret' })
    await app.ask({ ...subscribe, form: [...subscribe.form, ['payload', '"ä & b=c"']] })
    expect(server.received[0]).toMatchObject({
      method: 'POST',
      path: '/hookbox/subscribe',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'accept-encoding': 'identity',
        'user-agent': 'offhook',
        host: `127.0.0.1:${server.port}`,
      },
    })
    expect(server.received[0]?.form).toEqual([
      ['action', 'subscribe'],
      ['channel_name', 'room'],
      ['destination', 'room'],
      ['user', 'ann'],
      ['payload', '"ä & b=c"'],
      ['secret', 's3cret'],
    ])
  })

  it('carries the cookies and the address, and none where there is none', async () => {
    const { app, server } = await start(answerWith([true, {}]))
    await app.ask({ ...subscribe, cookies: 'a=1; b=\u00e9', address: '203.0.113.7' })
    await app.ask(subscribe)
    expect(server.received[0]?.headers).toMatchObject({
      cookie: 'a=1; b=\u00e9',
      'x-real-ip': '203.0.113.7',
    })
    expect(server.received[1]?.headers).not.toHaveProperty('cookie')
    expect(server.received[1]?.headers).not.toHaveProperty('x-real-ip')
    expect(server.received[1]?.headers).not.toHaveProperty('x-hookbox-version')
  })

  it('says the version of Hookbox and another host where asked for', async () => {
    const change = {
      cbSendHookboxVersion: true,
      appHostHeader: 'app.example.com',
      userAgent: 'x/1',
    }
    const { app, server } = await start(answerWith([true, {}]), change)
    await app.ask(subscribe)
    expect(server.received[0]?.headers).toMatchObject({
      'x-hookbox-version': '0.3.4',
      host: 'app.example.com',
      'user-agent': 'x/1',
    })
  })

  it('is signed by every signing secret, over the very bytes that were sent', async () => {
    const keys = [Buffer.alloc(24, 1), Buffer.alloc(32, 2)]
    const signingSecret = keys.map((key) => `whsec_${key.toString('base64')}`)
    const parts = { now: () => 1_614_265_330_999 }
    const { app, server } = await start(answerWith([true, {}]), { signingSecret }, { parts })
    const { requestId } = await app.ask(subscribe)
    const { headers, body } = server.received[0] as HookServer['received'][number]
    const expected = keys.map(
      (key) =>
        `v1,${createHmac('sha256', key).update(`${requestId}.1614265330.${body}`).digest('base64')}`,
    )
    expect(headers).toMatchObject({
      'webhook-id': requestId,
      'webhook-timestamp': '1614265330',
      'webhook-signature': expected.join(' '),
    })
  })

  it('has an id of its own even without a signing secret', async () => {
    const { app, server } = await start(answerWith([true, {}]))
    const first = await app.ask(subscribe)
    const second = await app.ask(subscribe)
    expect(first.requestId).not.toBe(second.requestId)
    expect(server.received.map((one) => one.headers['webhook-id'])).toEqual([
      first.requestId,
      second.requestId,
    ])
    expect(server.received[0]?.headers).not.toHaveProperty('webhook-signature')
  })

  it('keeps its link for the next one', async () => {
    const { app, server } = await start(answerWith([true, {}]))
    await app.ask(subscribe)
    await turn()
    await app.ask(subscribe)
    expect(server.links()).toBe(1)
  })

  it('is repeated once under its id where a kept link was closed under it', async () => {
    const { app, server } = await start((_received, response, index) => {
      if (index === 1) response.socket?.destroy()
      else answerWith([true, {}])(_received, response, index)
    })
    await app.ask(subscribe)
    await turn()
    await app.ask(subscribe)
    expect(server.received).toHaveLength(3)
    expect(server.received[2]?.headers['webhook-id']).toBe(
      server.received[1]?.headers['webhook-id'],
    )
  })
})

describe('a verdict', () => {
  it.each([
    ['[true, {"a": 1}]', true],
    ['[1, {}]', true],
    ['["yes", {}]', true],
    ['[false, {}]', false],
    ['[0, {}]', false],
    ['[null, {}]', false],
    ['["", {}]', false],
    ['[[], {}]', false],
    ['\ufeff[true, {}]', true],
  ])('%s', async (body, allowed) => {
    const { app } = await start(answerWith(body))
    expect(await app.ask(subscribe)).toMatchObject({ allowed })
  })

  it('keeps __proto__ as an own key', async () => {
    const { app } = await start(answerWith('[true, {"__proto__": {"x": 1}}]'))
    const { answer } = await app.ask(subscribe)
    expect(Object.hasOwn(answer, '__proto__')).toBe(true)
    expect('x' in answer).toBe(false)
  })

  it('hands on cookies, but no HttpOnly ones and none over 4 KiB', async () => {
    const { app } = await start(
      answerWith([true, {}], {
        'set-cookie': [
          'a=1; Path=/',
          'b=2; HttpOnly',
          'c=3;httponly ; Path=/',
          `d=${'x'.repeat(4095)}`,
          'httponly=4',
        ],
      }),
    )
    expect((await app.ask(subscribe)).setCookies).toEqual(['a=1; Path=/', 'httponly=4'])
  })
})

describe('an answer that is none', () => {
  const status = (code: number, headers = {}): Respond => {
    return (_received, response) => response.writeHead(code, headers).end('no')
  }
  const close: Respond = (_received, response) => response.socket?.destroy()
  const rubbish: Respond = (_received, response) => response.socket?.end('hello\r\n\r\n')
  const deep = `[true, ${'['.repeat(10_000)}${']'.repeat(10_000)}]`

  it.each<[string, Respond, [reason: string, hint: RegExp]]>([
    ['500', status(500), ['status', /own log/]],
    ['201', status(201), ['status', /status 200/]],
    ['302', status(302, { location: '/login' }), ['redirect', /no login/]],
    ['301', status(301, { location: '/x/' }), ['redirect', /trailingslash/]],
    ['404', status(404), ['status', /trailingslash/]],
    ['403', status(403), ['status', /CSRF.*--hook-secret/]],
    ['419', status(419), ['status', /CSRF/]],
    ['401', status(401), ['status', /login/]],
    ['405', status(405), ['status', /POST/]],
    ['a page', answerWith('<html>', { 'content-type': 'text/html' }), ['not_json', /page/]],
    ['nothing', answerWith(''), ['not_json', /empty/]],
    [
      'gzip',
      answerWith(Buffer.from([0x1f, 0x8b]), { 'content-encoding': 'gzip' }),
      ['not_json', /compressed/],
    ],
    ['broken UTF-8', answerWith(Buffer.from([0x5b, 0xff, 0x5d])), ['not_json', /JSON/]],
    ['deep JSON', answerWith(deep), ['not_json', /JSON/]],
    ['a lone surrogate', answerWith('[true, {"a": "\\ud800"}]'), ['not_json', /JSON/]],
    ['[true]', answerWith([true]), ['wrong_shape', /exactly two/]],
    ['an object', answerWith({ allowed: true }), ['wrong_shape', /exactly two/]],
    ['true', answerWith('true'), ['wrong_shape', /exactly two/]],
    ['three', answerWith([true, {}, {}]), ['wrong_shape', /exactly two/]],
    ['[true, null]', answerWith([true, null]), ['wrong_shape', /exactly two/]],
    ["PHP's empty array", answerWith([true, []]), ['wrong_shape', /\(object\)/]],
    [
      '2 KB of headers too many',
      answerWith([true, {}], { x: 'x'.repeat(15_000), y: 'y'.repeat(15_000) }),
      ['too_large', /headers/],
    ],
    ['a closed link', close, ['refused_connection', /running/]],
    ['no HTTP', rubbish, ['wrong_shape', /HTTP port/]],
  ])('%s', async (_name, respond, [reason, hint]) => {
    const { app, server } = await start(respond)
    const failure = await failureOf(app.ask(subscribe))
    expect(failure.reason).toBe(reason)
    expect(failure.hint).toMatch(hint)
    expect(failure.requestId).toBe(server.received[0]?.headers['webhook-id'])
    expect(server.received).toHaveLength(1)
  })

  it('10 MB are cut off at the limit', async () => {
    const big = Buffer.alloc(10_000_000, 0x20)
    const { app } = await start(answerWith(big))
    const failure = await failureOf(app.ask(subscribe))
    expect(failure).toMatchObject({ reason: 'too_large' })
    expect(failure.hint).toMatch(/max-hook-answer-bytes/)
  })

  it('exactly the limit is no failure', async () => {
    const text = JSON.stringify([true, {}])
    const { app } = await start(answerWith(text.padEnd(2048)), { maxHookAnswerBytes: 2048 })
    expect(await app.ask(subscribe)).toMatchObject({ allowed: true })
  })

  it.each<[string, Respond]>([
    ['nothing at all', () => undefined],
    ['half an answer', (_received, response) => response.writeHead(200).write('[true,')],
  ])('within the timeout: %s', async (_name, respond) => {
    const { app } = await start(respond, { hookTimeoutMs: 100 })
    const failure = await failureOf(app.ask(subscribe))
    expect(failure).toMatchObject({ reason: 'timeout' })
    expect(failure.hint).toMatch(/single-threaded/)
  })

  it('a bad status counts though its body never ends', async () => {
    const respond: Respond = (_received, response) => response.writeHead(500).write('oops')
    const { app } = await start(respond, { hookTimeoutMs: 100 })
    expect(await failureOf(app.ask(subscribe))).toMatchObject({ reason: 'status' })
  })

  it('a port where nobody listens', async () => {
    const { app, server } = await start(answerWith([true, {}]))
    await server.close()
    expect(await failureOf(app.ask(subscribe))).toMatchObject({ reason: 'refused_connection' })
  })

  it('a host that has no address', async () => {
    const { app } = await start(answerWith([true, {}]), { cbHost: 'nowhere.invalid' })
    expect(await failureOf(app.ask(subscribe))).toMatchObject({ reason: 'dns' })
  })

  it('is shown in part, without secrets and cookie values', async () => {
    const respond: Respond = ({ body, headers }, response) =>
      response
        .writeHead(500, { 'content-type': 'text/plain' })
        .end(`oops ${body} ${headers.cookie} ${decodeURIComponent(body)} ${'x'.repeat(500)}`)
    const { app } = await start(respond, { hookSecret: 'p/ss&word' })
    const failure = await failureOf(app.ask({ ...subscribe, cookies: 'sid=abc%2Fdef; t="q1w2"' }))
    const shown = String(failure.cause)
    expect(shown).toMatch(/status 500, text\/plain, \d+ bytes: oops action=subscribe/)
    for (const secret of ['p/ss', 'word', 'p%2Fss', 'abc', 'def', 'q1w2'])
      expect(shown).not.toContain(secret)
    expect(shown.length).toBeLessThan(300)
    expect(`${failure.message}${failure.hint}`).not.toContain('oops')
  })
})

it('a header that cannot be sent is a bug, not the network', async () => {
  const { app, server } = await start(answerWith([true, {}]))
  const error = await app.ask({ ...subscribe, cookies: 'a\nb' }).catch((reason: unknown) => reason)
  expect(error).not.toBeInstanceOf(HookFailure)
  expect(error).toMatchObject({ code: 'UND_ERR_INVALID_ARG' })
  expect(server.received).toEqual([])
  expect(await app.ask(subscribe)).toMatchObject({ allowed: true })
})

describe('https', () => {
  it('to a loopback host needs no right certificate', async () => {
    const { app } = await start(answerWith([true, {}]), { cbHttps: true }, { tls: true })
    expect(await app.ask(subscribe)).toMatchObject({ allowed: true })
    expect(await app.probe()).toEqual({ reachable: true })
  })

  it('to any other host needs one that is right, or --cb-insecure', async () => {
    // 0.0.0.0 leads to the loopback without being called so.
    const change = { cbHttps: true, cbHost: '0.0.0.0' }
    const { app } = await start(answerWith([true, {}]), change, { tls: true })
    const failure = await failureOf(app.ask(subscribe))
    expect(failure).toMatchObject({ reason: 'tls', hint: expect.stringMatching(/--cb-insecure/) })
    expect(await app.probe()).toMatchObject({ reachable: false })
    app.configure({ cbInsecure: true })
    expect(await app.ask(subscribe)).toMatchObject({ allowed: true })
    expect(await app.probe()).toEqual({ reachable: true })
  })

  it('to an app that speaks http is a tls failure', async () => {
    const { app } = await start(answerWith([true, {}]), { cbHttps: true })
    expect(await failureOf(app.ask(subscribe))).toMatchObject({ reason: 'tls' })
    expect(await app.probe()).toMatchObject({
      reachable: false,
      hint: expect.stringMatching(/https/),
    })
  })
})

describe('limits', () => {
  it('so many run, so many wait in order, the rest is refused as busy', async () => {
    const answers: (() => void)[] = []
    const limits: string[] = []
    const telemetry = { failure() {}, event() {}, limit: (name: string) => limits.push(name) }
    const { app, server } = await start(
      (received, response) => answers.push(() => answerWith([true, {}])(received, response, 0)),
      { maxHooksInFlight: 2, maxHooksWaiting: 1 },
      { parts: { telemetry } },
    )
    const hooks = [
      app.ask(subscribe),
      app.ask(subscribe),
      app.ask({ ...subscribe, hook: 'publish' }),
    ]
    const error = await app.ask(subscribe).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(Refusal)
    expect(error).toMatchObject({ code: 'app_busy', retry: true })
    expect(limits).toEqual(['max-hooks-waiting'])
    await server.seen(2)
    expect(server.received.map((one) => one.path)).not.toContain('/hookbox/publish')
    answers[0]?.()
    await server.seen(3)
    answers[1]?.()
    answers[2]?.()
    expect(await Promise.all(hooks)).toHaveLength(3)
  })

  it('a waiting hook gives up when the app does not move', async () => {
    const { app } = await start(() => undefined, { maxHooksInFlight: 1, hookTimeoutMs: 100 })
    const first = failureOf(app.ask(subscribe))
    const second = app.ask(subscribe).catch((reason: unknown) => reason)
    const third = app.ask(subscribe).catch((reason: unknown) => reason)
    expect(await first).toMatchObject({ reason: 'timeout' })
    expect(await Promise.all([second, third])).toContainEqual(
      expect.objectContaining({ code: 'app_busy' }),
    )
  })
})

describe('close', () => {
  it('waits for the hooks under way and refuses further ones', async () => {
    let answer: (() => void) | undefined
    const { app, server } = await start((received, response) => {
      answer = () => answerWith([true, {}])(received, response, 0)
    })
    const hook = app.ask(subscribe)
    await server.seen(1)
    let closed = false
    const closing = app.close().then(() => {
      closed = true
    })
    await expect(app.ask(subscribe)).rejects.toMatchObject({ code: 'app_busy' })
    expect(closed).toBe(false)
    answer?.()
    expect(await hook).toMatchObject({ allowed: true })
    await closing
  })
})

describe('configure', () => {
  it('sends the next hook elsewhere and lets the one under way finish', async () => {
    let answer: (() => void) | undefined
    const { app, server } = await start((received, response) => {
      answer = () => answerWith([true, { from: 1 }])(received, response, 0)
    })
    const other = await startHookServer(answerWith([true, { from: 2 }]))
    open.push(other)
    const first = app.ask(subscribe)
    await server.seen(1)
    app.configure({ cbPort: other.port, cbPath: '/other', hookSecret: 'new' })
    expect(await app.ask(subscribe)).toMatchObject({ answer: { from: 2 } })
    expect(other.received[0]?.path).toBe('/other/subscribe')
    expect(other.received[0]?.form.at(-1)).toEqual(['secret', 'new'])
    answer?.()
    expect(await first).toMatchObject({ answer: { from: 1 } })
  })

  it('refuses what makes no URL and changes nothing', async () => {
    const { app } = await start(answerWith([true, {}]))
    expect(() => app.configure({ cbHost: 'a b', cbPath: '/x' })).toThrow(TypeError)
    expect(await app.ask(subscribe)).toMatchObject({ allowed: true })
  })
})

describe('a notice', () => {
  it('of a disconnect is a form under its own id', async () => {
    const { app, server } = await start(answerWith('whatever'), { hookSecret: 's' })
    await app.tell(disconnect, { cookies: 'a=1', address: '192.0.2.1' })
    expect(server.received[0]?.path).toBe('/hookbox/disconnect')
    expect(server.received[0]?.headers).toMatchObject({
      'webhook-id': 'ntc_1',
      cookie: 'a=1',
      'x-real-ip': '192.0.2.1',
    })
    expect(server.received[0]?.form).toEqual([
      ['action', 'disconnect'],
      ['name', 'änn'],
      ['channels', '["a","b"]'],
      ['conn_id', 'c1'],
      ['secret', 's'],
    ])
  })

  it('is taken by any success and failed by anything else', async () => {
    const codes = [200, 201, 204, 302, 500]
    const { app } = await start((_received, response, index) => {
      response.writeHead(codes[index] ?? 500).end()
    })
    for (let i = 0; i < 3; i += 1) await app.tell(disconnect, {})
    expect(await failureOf(app.tell(disconnect, {}))).toMatchObject({ reason: 'redirect' })
    expect(await failureOf(app.tell(disconnect, {}))).toMatchObject({ reason: 'status' })
  })
})

describe('probe', () => {
  it('opens a link and sends nothing', async () => {
    const { app, server } = await start(answerWith([true, {}]))
    expect(await app.probe()).toEqual({ reachable: true })
    expect(server.received).toEqual([])
  })

  it('says why not', async () => {
    const { app, server } = await start(answerWith([true, {}]))
    await server.close()
    expect(await app.probe()).toMatchObject({ reachable: false, reason: 'ECONNREFUSED' })
  })

  it('gives up on a host that takes the link but speaks no TLS', async () => {
    const mute = net.createServer(() => undefined)
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve))
    const { port } = mute.address() as net.AddressInfo
    const app = createApp(hookSettings(port, { cbHttps: true, hookTimeoutMs: 100 }))
    expect(await app.probe()).toMatchObject({ reachable: false, reason: 'no answer' })
    await app.close()
    mute.close()
  })
})
