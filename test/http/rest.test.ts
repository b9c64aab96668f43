import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { Refusal } from '../../src/core/errors.ts'
import { methodNames } from '../../src/http/rest/methods.ts'
import { FakeClock, type Started, start } from './parts.ts'

let server: Started
afterEach(() => server.listener.close(0))

interface Got {
  status: number
  json: [boolean, { msg?: string; results?: unknown }]
  headers: Headers
}

async function got(answer: Response): Promise<Got> {
  const { status, headers } = answer
  return { status, headers, json: (await answer.json()) as Got['json'] }
}

async function post(path: string, body: RequestInit['body'], type?: string): Promise<Got> {
  const headers: Record<string, string> = type === undefined ? {} : { 'content-type': type }
  return got(await fetch(server.url + path, { method: 'POST', body: body ?? null, headers }))
}

function form(path: string, fields: Record<string, string>): Promise<Got> {
  const text = new URLSearchParams({ security_token: 'right', ...fields }).toString()
  return post(path, text, 'application/x-www-form-urlencoded')
}

function json(path: string, fields: Record<string, unknown>): Promise<Got> {
  const text = JSON.stringify({ security_token: 'right', ...fields })
  return post(path, text, 'application/json')
}

function query(path: string, fields: Record<string, string>): Promise<Got> {
  const search = new URLSearchParams({ security_token: 'right', ...fields })
  return fetch(`${server.url}${path}?${search}`).then(got)
}

const publishAb = {
  operation: 'publish',
  command: {
    channel: 'a b',
    payload: '{"x": 1}',
    originator: null,
    hook: 'skip',
    ifMissing: 'refuse',
  },
}

describe('the ways to call', () => {
  it('takes a form, a query and JSON', async () => {
    server = await start({})
    await form('/web/publish', { channel_name: 'a b', payload: '{"x": 1}' })
    await query('/web/publish', { channel_name: 'a b', payload: '{"x": 1}' })
    await json('/web/publish', { channel_name: 'a b', payload: { x: 1 } })
    expect(server.asked).toEqual([
      publishAb,
      publishAb,
      { ...publishAb, command: { ...publishAb.command, payload: '{"x":1}' } },
    ])
  })

  it('joins query and body', async () => {
    server = await start({})
    const answer = await post(
      '/web/publish?security_token=right',
      'channel_name=a+b&payload=%7B%22x%22%3A+1%7D',
    )
    expect(answer).toMatchObject({ status: 200, json: [true, {}] })
    expect(server.asked).toEqual([publishAb])
  })

  it.each([undefined, 'text/plain', 'application/octet-stream', 'nonsense; ;', 'a/b/c'])(
    'takes a body of Content-Type %s as a form',
    async (type) => {
      server = await start({})
      const body = Buffer.from('security_token=right&channel_name=a+b&payload={"x": 1}')
      expect((await post('/web/publish', body, type)).json).toEqual([true, {}])
      expect(server.asked).toEqual([publishAb])
    },
  )

  it('takes JSON whatever its charset and subtype', async () => {
    server = await start({})
    const body = '{"security_token":"right","channel_name":"c"}'
    await post('/web/publish', body, 'application/json; charset=utf-8')
    await post('/web/publish', body, 'application/vnd.app+json')
    expect(server.asked).toHaveLength(2)
  })

  it('takes the token as a Bearer', async () => {
    server = await start({})
    const headers = { authorization: 'Bearer right' }
    const answer = await got(await fetch(`${server.url}/web/get_server_info`, { headers }))
    expect(answer.json[0]).toBe(true)
  })

  it('serves every method at /web and /rest, and the seed’s three at the root', async () => {
    server = await start({})
    for (const name of methodNames) {
      for (const path of [`/web/${name}`, `/rest/${name}`, `/web/${name}/`]) {
        expect((await form(path, {})).status, path).toBe(200)
      }
    }
    for (const name of ['publish', 'channel_info', 'set_channel_options']) {
      expect((await form(`/${name}`, {})).json).toEqual([false, { msg: 'Missing channel_name' }])
    }
    expect((await fetch(`${server.url}/get_server_info`)).status).toBe(404)
  })

  it('moves to its own port', async () => {
    server = await start({ settings: { webApiPort: 0 } })
    expect((await fetch(`${server.url}/web/publish`)).status).toBe(404)
    const own = `http://127.0.0.1:${server.bound.webApi?.port}`
    for (const path of ['/web/get_server_info', '/get_server_info']) {
      const answer = await got(await fetch(`${own}${path}?security_token=right`))
      expect(answer.json[0]).toBe(true)
    }
    const unknown = await got(await fetch(`${own}/nothing/here`))
    expect(unknown).toMatchObject({ status: 404, json: [false, { msg: 'Unknown method' }] })
    expect((await fetch(`${own}/health/live`)).status).toBe(404)
  })

  it('keeps answers out of caches, other pages and referrers', async () => {
    server = await start({})
    const { headers } = await form('/web/get_server_info', {})
    expect(headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('referrer-policy')).toBe('no-referrer')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    const foreign = await fetch(`${server.url}/web/get_server_info`, {
      headers: { origin: 'http://evil.example' },
    })
    expect(foreign.headers.get('access-control-allow-origin')).toBeNull()
  })
})

describe('the methods', () => {
  const channel = { channel_name: 'c' }
  it.each<[string, Record<string, string>, string, unknown]>([
    [
      'publish',
      { ...channel, payload: '1e400', originator: 'ann', send_hook: '1', id: 'x-1' },
      'publish',
      {
        channel: 'c',
        payload: '1e400',
        originator: 'ann',
        hook: 'ask',
        id: 'x-1',
        ifMissing: 'refuse',
      },
    ],
    [
      'subscribe',
      { ...channel, name: 'ann' },
      'subscribe',
      { channel: 'c', user: 'ann', hook: 'skip' },
    ],
    [
      'subscribe',
      { ...channel, user: 'ann', send_hook: '1' },
      'subscribe',
      { channel: 'c', user: 'ann', hook: 'ask' },
    ],
    [
      'unsubscribe',
      { ...channel, name: 'ann' },
      'unsubscribe',
      { channel: 'c', user: 'ann', hook: 'skip' },
    ],
    [
      'message',
      { sender_name: 'ann', recipient_name: 'bob', payload: '"hi"' },
      'message',
      { sender: 'ann', recipient: 'bob', payload: '"hi"', hook: 'skip' },
    ],
    [
      'create_channel',
      { ...channel, history_size: '5', state: '{"a":1}', send_hook: '1' },
      'createChannel',
      { channel: 'c', options: { history_size: 5, state: { a: 1 } }, hook: 'ask' },
    ],
    ['destroy_channel', channel, 'destroyChannel', { channel: 'c', hook: 'skip' }],
    [
      'set_channel_options',
      { ...channel, reflective: 'false' },
      'setChannelOptions',
      { channel: 'c', options: { reflective: false } },
    ],
    [
      'state_set_key',
      { ...channel, key: 'k', val: 'null' },
      'setState',
      { channel: 'c', key: 'k', value: null },
    ],
    ['state_delete_key', { ...channel, key: 'k' }, 'deleteState', { channel: 'c', key: 'k' }],
    [
      'set_user_options',
      { user_name: 'ann', reflective: 'false' },
      'setUserOptions',
      { user: 'ann', options: { reflective: false } },
    ],
    ['disconnect', { identifier: 'f00' }, 'disconnect', 'f00'],
    ['disconnect_user', { name: 'ann' }, 'disconnectUser', 'ann'],
    [
      'set_config',
      { cbport: '81', cbhost: '"app"' },
      'setConfig',
      { changes: { cbport: 81, cbhost: 'app' }, address: '127.0.0.1', method: 'POST' },
    ],
  ])('%s %o', async (...[method, fields, operation, command]) => {
    server = await start({})
    expect((await form(`/web/${method}`, fields)).json).toEqual([true, {}])
    expect(server.asked).toEqual([{ operation, command }])
  })

  it('tells what it found in the contract’s shapes', async () => {
    server = await start({
      answers: {
        channelInfo: () => ({
          name: 'c',
          options: { reflective: true, history: [], state: {} },
          subscribers: ['ann'],
          historySize: 7,
          reflective: true,
        }),
        userInfo: () => ({ name: 'ann', channels: ['c'], connections: ['f00'], options: {} }),
        serverInfo: () => ({ channels: ['c'], connections: ['f00'] }),
        publish: () => ({ offset: 3, epoch: 'e', datetime: 'd' }),
      },
    })
    expect((await form('/web/get_channel_info', { channel_name: 'c' })).json[1]).toEqual({
      name: 'c',
      options: { reflective: true, history: [], state: {} },
      subscribers: ['ann'],
    })
    expect((await form('/channel_info', { channel_name: 'c' })).json[1]).toEqual({
      channel_name: 'c',
      subscribers: ['ann'],
      reflective: true,
      history: 7,
    })
    expect((await form('/web/get_user_info', { user_name: 'ann' })).json[1]).toEqual({
      name: 'ann',
      channels: ['c'],
      connections: ['f00'],
      options: {},
    })
    expect((await form('/web/get_server_info', {})).json[1]).toEqual({
      channels: ['c'],
      connections: ['f00'],
    })
    expect((await form('/web/publish', { channel_name: 'c' })).json).toEqual([
      true,
      { offset: 3, epoch: 'e', datetime: 'd' },
    ])
  })

  it('lists what was given up, page by page, and has one told again', async () => {
    const notice = { id: 'msg_1', kind: 'push_call', due: 'D', tries: 5, body: { a: 1 } }
    server = await start({
      answers: {
        notices: (query: { after?: string }) => ({
          notices: [notice],
          ...(query.after === undefined ? { next: '7' } : {}),
          waiting: 2,
          dead: 3,
        }),
        replayNotice: (id: string) => {
          if (id !== 'msg_1') throw new Refusal('notice_missing', `Notice ${id} doesn't exist`)
        },
      },
    })
    expect((await form('/web/notices', {})).json[1]).toEqual({
      notices: [notice],
      next: '7',
      waiting: 2,
      dead: 3,
    })
    expect((await json('/web/notices', { limit: 1000, after: '7' })).json[1]).toEqual({
      notices: [notice],
      waiting: 2,
      dead: 3,
    })
    expect((await form('/web/replay_notice', { id: 'msg_1' })).json).toEqual([
      true,
      { replayed: true },
    ])
    expect(server.asked.map(({ command }) => command)).toEqual([
      { limit: 100 },
      { limit: 1000, after: '7' },
      'msg_1',
    ])
    const refused: [string, Record<string, string>, string][] = [
      ['replay_notice', {}, 'Missing id'],
      ['replay_notice', { id: '' }, 'Missing id'],
      ['replay_notice', { id: 'a b' }, 'Invalid id'],
      ['replay_notice', { id: 'msg_2' }, "Notice msg_2 doesn't exist"],
      ['notices', { limit: '0' }, 'limit must be a whole number from 1 to 1000'],
      ['notices', { limit: '1001' }, 'limit must be a whole number from 1 to 1000'],
      ['notices', { limit: '1.5' }, 'limit must be a whole number from 1 to 1000'],
      ['notices', { after: '<x>' }, 'Invalid after'],
    ]
    for (const [method, fields, msg] of refused) {
      expect((await form(`/web/${method}`, fields)).json).toEqual([false, { msg }])
    }
  })

  it('publishes to those of many channels that exist', async () => {
    server = await start({})
    await form('/web/publish_multi', { channel_names: 'a, b,,a', payload: '1' })
    await json('/web/publish_multi', { channel_names: [' a,b'], payload: 1 })
    const channels = server.asked.map(({ command }) => command)
    expect(channels).toMatchObject([
      { channel: 'a', ifMissing: 'ignore', payload: '1' },
      { channel: 'b', ifMissing: 'ignore' },
      { channel: ' a,b' },
    ])
  })

  it('tries all of many channels and says which one was refused', async () => {
    server = await start({
      answers: {
        publish: ({ channel }: { channel: string }) => {
          if (channel === 'a') throw new Refusal('unauthorized')
          return {}
        },
      },
    })
    const answer = await form('/web/publish_multi', { channel_names: 'a,b' })
    expect(answer.json).toEqual([false, { msg: 'a: Unauthorized' }])
    expect(server.asked).toHaveLength(2)
  })

  it('publishes a batch in order, with a result per entry', async () => {
    server = await start({
      answers: {
        publishBatch: (commands: readonly { payload: string }[]) =>
          commands.map(({ payload }, index) => {
            if (payload === '"bad"')
              return { error: new Refusal('channel_missing', "Channel c doesn't exist") }
            if (payload === '"bug"') return { error: new Error('bug') }
            return { published: payload === 'null' ? {} : { offset: index, epoch: 'e' } }
          }),
      },
    })
    const entries = [
      { channel_name: 'other', payload: 1 },
      { channel_name: 'c', payload: 'bad' },
      { channel_name: 'c', payload: 'bug' },
      { payload: 2 },
      7,
      { channel_name: 'c', originator: 'ann', id: 'x' },
      { channel_name: 5, payload: { x: [1] }, originator: '', id: 7 },
    ]
    const answer = await form('/web/publish_batch', { entries: JSON.stringify(entries) })
    expect(answer.json[1].results).toEqual([
      { ok: true, offset: 0, epoch: 'e' },
      { ok: false, error: "Channel c doesn't exist" },
      { ok: false, error: 'internal error' },
      { ok: false, error: 'Missing channel_name' },
      { ok: false, error: 'An entry must be an object' },
      { ok: true },
      { ok: true, offset: 4, epoch: 'e' },
    ])
    expect(server.telemetry.failures).toHaveLength(1)
    const common = { originator: null, hook: 'skip', ifMissing: 'refuse' }
    expect(server.asked).toEqual([
      {
        operation: 'publishBatch',
        command: [
          { ...common, channel: 'other', payload: '1' },
          { ...common, channel: 'c', payload: '"bad"' },
          { ...common, channel: 'c', payload: '"bug"' },
          { ...common, channel: 'c', payload: 'null', originator: 'ann', id: 'x' },
          { ...common, channel: '5', payload: '{"x":[1]}', id: '7' },
        ],
      },
    ])
  })

  it('refuses a batch of 1001 with 400', async () => {
    server = await start({})
    const entries = Array.from({ length: 1001 }, () => ({ channel_name: 'c' }))
    const answer = await json('/web/publish_batch', { entries })
    expect(answer).toMatchObject({
      status: 400,
      json: [false, { msg: 'At most 1000 entries at once' }],
    })
    expect(server.asked).toEqual([])
  })

  it('ignores missing channels where the configuration says so', async () => {
    server = await start({ settings: { ignorePublishNonExistingChannels: true } })
    await form('/web/publish', { channel_name: 'c' })
    expect(server.asked).toMatchObject([{ command: { ifMissing: 'ignore' } }])
  })

  it('keeps line breaks of a payload’s own text out of frames', async () => {
    server = await start({})
    await form('/web/publish', { channel_name: 'c', payload: '{\r\n"x":\n"a\\nb"}\r\n' })
    expect(server.asked).toMatchObject([{ command: { payload: '{ "x": "a\\nb"}' } }])
  })
})

describe('what is refused', () => {
  it.each<[string, Record<string, string>, string]>([
    ['publish', {}, 'Missing channel_name'],
    ['publish', { channel_name: '' }, 'Missing channel_name'],
    ['publish', { channel_name: 'c', payload: '{' }, 'Invalid json for payload'],
    [
      'publish',
      { channel_name: 'c', payload: '"\\ud800"' },
      'Invalid json for payload (lone surrogate)',
    ],
    [
      'publish',
      { channel_name: 'c', payload: '['.repeat(10_000) },
      'Invalid json for payload (nested too deep)',
    ],
    ['publish', { channel_name: 'a\nb' }, 'Invalid name in channel_name'],
    ['publish', { channel_name: 'a'.repeat(201) }, 'Invalid name in channel_name'],
    ['publish', { channel_name: 'c', originator: 'a\nb' }, 'Invalid name in originator'],
    ['publish_multi', {}, 'Missing channel_names'],
    ['publish_multi', { channel_names: 'a,b\u0000' }, 'Invalid name in channel_names'],
    ['publish_batch', {}, 'Missing entries'],
    ['publish_batch', { entries: '{}' }, 'entries must be a list'],
    ['subscribe', { channel_name: 'c' }, 'Missing name'],
    ['subscribe', { channel_name: 'c', name: 'a', user: 'b' }, 'name and user differ'],
    ['message', { sender_name: 'a' }, 'Missing recipient_name'],
    ['message', { recipient_name: 'a' }, 'Missing sender_name'],
    ['create_channel', { channel_name: 'c', state: '{' }, 'Invalid json value for option state'],
    ['create_channel', { channel_name: 'c', ['__proto__']: '{}' }, 'Unknown option __proto__'],
    ['set_channel_options', { reflective: 'true' }, 'Missing channel_name'],
    ['state_set_key', { channel_name: 'c' }, 'Missing key'],
    ['state_set_key', { channel_name: 'c', key: 'k' }, 'Missing val'],
    ['state_set_key', { channel_name: 'c', key: 'k', val: 'x' }, 'Invalid json for val'],
    ['state_set_key', { channel_name: 'c', key: '__proto__', val: '1' }, 'Invalid key'],
    ['state_delete_key', { channel_name: 'c', key: '__proto__' }, 'Invalid key'],
    ['get_user_info', {}, 'Missing user_name'],
    ['disconnect', {}, 'Missing identifier'],
    ['disconnect_user', {}, 'Missing name'],
    ['set_config', { cbport: '1', port: '2' }, 'Unknown option port'],
  ])('%s %o: %s', async (method, fields, msg) => {
    server = await start({})
    const pairs: [string, string][] = [['security_token', 'right'], ...Object.entries(fields)]
    const body = new URLSearchParams(pairs).toString()
    expect(await post(`/web/${method}`, body)).toMatchObject({
      status: 200,
      json: [false, { msg }],
    })
    expect(server.asked).toEqual([])
  })

  it.each([
    ['channel_name=a&channel_name=b', 'channel_name is given twice'],
    ['channel_name=%ff', 'Broken escape or invalid UTF-8 in a form'],
    ['channel_name=%ed%a0%80', 'Broken escape or invalid UTF-8 in a form'],
    ['channel_name=100%', 'Broken escape or invalid UTF-8 in a form'],
    [Array.from({ length: 1001 }, (_, i) => `x${i}`).join('&'), 'Too many fields'],
  ])('the form %s', async (body, msg) => {
    server = await start({})
    expect((await post('/web/publish', body)).json).toEqual([false, { msg }])
    expect((await fetch(`${server.url}/web/publish?${body}`).then(got)).json).toEqual([
      false,
      { msg },
    ])
  })

  it.each([
    ['{', 'Invalid json (not JSON)'],
    ['[]', 'Invalid json (not an object)'],
    ['"\\ud800"', 'Invalid json (lone surrogate)'],
    ['{"security_token":"right","channel_name":{}}', 'channel_name must be a string'],
    [
      '{"security_token":"right","channel_name":"c","originator":["x"]}',
      'originator must be a string',
    ],
  ])('the JSON body %s', async (body, msg) => {
    server = await start({})
    expect((await post('/web/publish', body, 'application/json')).json).toEqual([false, { msg }])
    expect(server.asked).toEqual([])
  })

  it('a field in query and body', async () => {
    server = await start({})
    const answer = await post(
      '/web/publish?channel_name=a',
      '{"channel_name":"a"}',
      'application/json',
    )
    expect(answer.json).toEqual([false, { msg: 'channel_name is given twice' }])
  })

  it('bytes that are no UTF-8, and multipart', async () => {
    server = await start({})
    const bytes = Buffer.from([0x61, 0x3d, 0xff])
    expect((await post('/web/publish', bytes)).json).toEqual([false, { msg: 'Invalid UTF-8' }])
    const parts = new FormData()
    parts.set('channel_name', 'c')
    expect((await post('/web/publish', parts)).json[1].msg).toMatch(/not multipart/)
  })

  it('unknown methods with 404 and other HTTP methods with 405, in the same shape', async () => {
    server = await start({})
    for (const path of [
      '/web/nothing',
      '/rest/nothing',
      '/web/__proto__',
      '/web/toString',
      '/web/a/b',
    ]) {
      expect(await form(path, {})).toMatchObject({
        status: 404,
        json: [false, { msg: 'Unknown method' }],
      })
    }
    for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      const answer = await got(await fetch(`${server.url}/web/publish`, { method }))
      expect(answer).toMatchObject({ status: 405, json: [false, { msg: 'Use GET or POST' }] })
    }
    expect((await form('/web/%zz', {})).status).toBe(400)
  })

  it('everything while no token is configured, and says the flag', async () => {
    server = await start({ settings: { apiToken: '' } })
    const answer = await form('/web/publish', { security_token: '' })
    expect(answer.status).toBe(200)
    expect(answer.json[1].msg).toMatch(/^Rest api is disabled by configuration\. .*--api-token/)
  })

  it('wrong tokens, after 20 in a minute with 429, but never the right one', async () => {
    const clock = new FakeClock()
    server = await start({ clock })
    for (let i = 0; i < 20; i += 1) {
      const answer = await form('/web/get_server_info', { security_token: 'wrong' })
      expect(answer).toMatchObject({
        status: 200,
        json: [false, { msg: 'Invalid Security Token' }],
      })
    }
    const answer = await form('/web/get_server_info', { security_token: '' })
    expect(answer).toMatchObject({ status: 429, json: [false, { msg: 'Too many failed logins' }] })
    expect(server.telemetry.limits).toEqual(['max-failed-logins'])
    expect((await form('/web/get_server_info', {})).json[0]).toBe(true)
    clock.advance(60_000)
    expect((await form('/web/get_server_info', { security_token: 'x' })).status).toBe(200)
    expect(server.asked).toHaveLength(1)
  })

  it('the old token once it was changed', async () => {
    server = await start({})
    server.listener.setApiToken('new')
    expect((await form('/web/get_server_info', {})).json[0]).toBe(false)
    expect((await form('/web/get_server_info', { security_token: 'new' })).json[0]).toBe(true)
  })
})

describe('faults', () => {
  it('shows a refusal’s text with status 200 and nothing of a bug', async () => {
    let fault: Error = new Refusal('channel_missing', "Channel c doesn't exist")
    server = await start({
      answers: {
        publish: () => {
          throw fault
        },
      },
    })
    const refused = await form('/web/publish', { channel_name: 'c' })
    expect(refused).toMatchObject({
      status: 200,
      json: [false, { msg: "Channel c doesn't exist" }],
    })
    expect(server.telemetry.failures).toEqual([])
    fault = new Error('secret detail')
    const failed = await form('/web/publish', { channel_name: 'c' })
    expect(failed).toMatchObject({ status: 500, json: [false, { msg: 'internal error' }] })
    expect(server.telemetry.failures).toEqual([{ stage: 'rest', error: fault }])
  })

  it('answers 413 to a body of 10 MB, and goes on with the same link', async () => {
    server = await start({})
    const big = Buffer.alloc(10_000_000, 'a')
    for (let i = 0; i < 3; i += 1) {
      expect(await post('/web/publish', big)).toMatchObject({
        status: 413,
        json: [false, { msg: 'Body too large' }],
      })
    }
    expect(server.telemetry.limits).toContain('max-body-bytes')
  })

  it('answers 408 to a POST that never ends', async () => {
    server = await start({ settings: { headersTimeoutMs: 100, requestTimeoutMs: 200 } })
    const answer = await new Promise<string>((resolve) => {
      let text = ''
      const socket = connect(server.port, '127.0.0.1', () =>
        socket.write('POST /web/publish HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nchannel'),
      )
      socket.on('data', (chunk) => {
        text += chunk
      })
      socket.on('close', () => resolve(text))
    })
    expect(answer).toMatch(/^HTTP\/1\.1 408 /)
    expect(answer).toMatch(/\[false,\{"msg":"Request not finished in time"\}\]$/)
    expect(server.telemetry.limits).toEqual(['request-timeout'])
    expect(server.telemetry.failures).toEqual([])
    expect(server.asked).toEqual([])
  })

  it('lets no half request harm anybody', async () => {
    server = await start({})
    const closed = new Promise((resolve) => {
      const socket = connect(server.port, '127.0.0.1', () => {
        socket.write('POST /web/publish HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nchannel')
        socket.end()
        socket.resume()
      })
      socket.on('close', resolve)
    })
    await closed
    expect((await form('/web/publish', { channel_name: 'c' })).json[0]).toBe(true)
    expect(server.telemetry.failures).toEqual([])
  })
})
