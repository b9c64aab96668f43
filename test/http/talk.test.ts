import { afterEach, describe, expect, it } from 'vitest'
import type { Entry } from '../../src/core/entry.ts'
import { Failure, Refusal } from '../../src/core/errors.ts'
import type { HttpSettings, TalkSettings } from '../../src/http/settings.ts'
import { FakeRooms, profileOf, talkDefaults } from './fake-rooms.ts'
import { exchange, FakeClock, type Started, start } from './parts.ts'

let server: Started
let fake: FakeRooms
afterEach(() => server.listener.close(0))

async function serve(
  answers: ConstructorParameters<typeof FakeRooms>[0] = {},
  options: { talk?: Partial<TalkSettings>; http?: Partial<HttpSettings>; clock?: FakeClock } = {},
): Promise<void> {
  fake = new FakeRooms(answers)
  const { clock } = options
  server = await start({
    talk: { rooms: fake.rooms, settings: { ...talkDefaults, ...options.talk } },
    ...(options.http === undefined ? {} : { settings: options.http }),
    ...(clock === undefined ? {} : { clock }),
  })
}

interface Got {
  readonly status: number
  readonly json: unknown
  readonly headers: Headers
}

async function call(path: string, init: RequestInit = {}): Promise<Got> {
  const answer = await fetch(server.url + path, init)
  expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8')
  return { status: answer.status, json: await answer.json(), headers: answer.headers }
}

const ann = { authorization: 'Token token-ann' }
const app = { authorization: 'Bearer right' }

function post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Got> {
  const isForm = body instanceof URLSearchParams
  return call(path, {
    method: 'POST',
    body: isForm ? body : JSON.stringify(body),
    headers: isForm ? headers : { 'content-type': 'application/json', ...headers },
  })
}

function form(...fields: [string, string][]): URLSearchParams {
  return new URLSearchParams(fields)
}

let offset = 0

function entryOf(content: string, more: Partial<Entry> = {}): Entry {
  offset += 1
  return {
    kind: 'publish',
    id: `e${offset}`,
    at: 1_414_768_486_196,
    type: 'message',
    author: { user: 'bob', name: 'Bob', info: '{"name":"bob"}' },
    content,
    encoding: 'json',
    epoch: 'x',
    offset,
    count: offset,
    ...more,
  }
}

function told(content: object, more: object = {}): object {
  return {
    ...content,
    timestamp: 1_414_768_486.196,
    type: 'message',
    author: 'Bob',
    profile: { name: 'bob' },
    token: 'tea',
    ...more,
  }
}

const error = { error: expect.stringMatching(/./) as unknown }

describe('old', () => {
  const answers = {
    old: () => ({
      read: [entryOf('{"message":"one"}'), entryOf('', { kind: 'join' })],
      unread: [entryOf('{"message":"two"}'), entryOf('{"message":"three"}')],
    }),
  }

  it('gives what was said, split where the user last left', async () => {
    await serve(answers)
    for (const path of ['/talk/old/tea/', '/talk/old/tea']) {
      const [one, two, three] = ['one', 'two', 'three'].map((message) => told({ message }))
      const answer = await call(path, { headers: ann })
      expect([answer.status, answer.json]).toEqual([
        200,
        {
          oldy: [one, two, three],
          results: { read_messages: [one], unread_messages: [two, three] },
        },
      ])
    }
    expect(fake.of('old')).toEqual([
      ['tea', 'ann'],
      ['tea', 'ann'],
    ])
  })

  it('takes the profile for the author of release 0.1', async () => {
    await serve(answers, { talk: { talkCompat: '0.1' } })
    const { json } = await call('/talk/old/tea/', { headers: ann })
    expect(json).toMatchObject({ oldy: [{ author: { name: 'bob' } }, {}, {}] })
  })

  it('leaves the oldest out where not all fit', async () => {
    await serve(answers, { http: { maxSnapshotBytes: 250 } })
    const { json } = await call('/talk/old/tea/', { headers: ann })
    expect(json).toEqual({
      oldy: [told({ message: 'two' }), told({ message: 'three' })],
      results: {
        read_messages: [],
        unread_messages: [told({ message: 'two' }), told({ message: 'three' })],
      },
    })
    expect(server.telemetry.limits).toEqual(['max-snapshot-bytes'])
  })
})

describe('notification', () => {
  it.each([
    ['', 2, { user: 'ann' }],
    ['?type=', 0, { user: 'ann' }],
    ['?type=photo', 1, { user: 'ann', type: 'photo' }],
  ])('counts what is unread: %s', async (query, count, asked) => {
    await serve({ unread: () => count })
    const { status, json } = await call(`/talk/notification/tea/${query}`, { headers: ann })
    expect([status, json]).toEqual([200, { notification: count }])
    expect(fake.of('unread')).toEqual([['tea', asked]])
  })

  it.each([
    [12, '12'],
    [0, null],
  ])('answers as release 0.1 did: %s', async (count, notification) => {
    await serve({ unread: () => count }, { talk: { talkCompat: '0.1' } })
    const { json } = await call('/talk/notification/tea/', { headers: ann })
    expect(json).toEqual({ notification })
  })
})

describe('history', () => {
  it('gives the newest of each room', async () => {
    await serve({
      recent: (room: string) => ({
        room,
        unread: room === 'tea' ? 3 : 0,
        messages: room === 'tea' ? [entryOf('{"body":1}'), entryOf('{"body":2}')] : [],
      }),
    })
    const path = '/talk/history/tea,unknown,tea,/?limit=5'
    const { status, json } = await call(path, { headers: ann })
    expect([status, json]).toEqual([
      200,
      {
        results: [
          {
            room_name: 'tea',
            unread_count: 3,
            messages: [told({ body: 1 }), told({ body: 2 })],
          },
          { room_name: 'unknown', unread_count: 0, messages: [] },
        ],
      },
    ])
    expect(fake.of('recent')).toEqual([
      ['tea', { user: 'ann', limit: 5 }],
      ['unknown', { user: 'ann', limit: 5 }],
    ])
  })

  it.each([
    ['', 1],
    ['?limit=007', 7],
    ['?limit=1001', 1000],
    [`?limit=${'9'.repeat(400)}`, 1000],
  ])('takes a limit: %s', async (query, limit) => {
    await serve({ recent: (room: string) => ({ room, unread: 0, messages: [] }) })
    expect((await call(`/talk/history/tea/${query}`, { headers: ann })).status).toBe(200)
    expect(fake.of('recent')).toEqual([['tea', { user: 'ann', limit }]])
  })

  it.each(['-1', '0', 'abc', '1.5', '', '1e3', '+1', '1&limit=2'])(
    'refuses limit=%s',
    async (limit) => {
      await serve()
      const { status, json } = await call(`/talk/history/tea/?limit=${limit}`, { headers: ann })
      expect([status, json]).toEqual([400, error])
      expect(fake.asked).toEqual([])
    },
  )

  it('reads only so many rooms, and holds only so much', async () => {
    const recent = (room: string) => ({ room, unread: 1, messages: [entryOf('{"a":1}')] })
    await serve({ recent }, { http: { maxSnapshotBytes: 150 } })
    const { json } = await call('/talk/history/a,b/', { headers: ann })
    expect(json).toMatchObject({ results: [{ messages: [{ a: 1 }] }, { messages: [] }] })
    const rooms = Array.from({ length: 101 }, (_, i) => `r${i}`).join(',')
    expect(await call(`/talk/history/${rooms}`, { headers: ann })).toMatchObject({
      status: 400,
      json: error,
    })
  })
})

describe('item', () => {
  const content =
    '{"body":{"message": "foobar", "n": 1.0},"injected":{"message": "foobar", "n": 1.0}}'
  const body = '\n{"message": "foobar", "n": 1.0}'

  it.each([undefined, 'application/json', 'application/x-www-form-urlencoded', 'text/plain'])(
    'injects any JSON, whatever it is called: %s',
    async (type) => {
      await serve()
      const headers = { ...ann, ...(type === undefined ? {} : { 'content-type': type }) }
      const answer = await call('/talk/item/tea/', {
        method: 'POST',
        body: Buffer.from(body),
        headers,
      })
      expect([answer.status, answer.json]).toEqual([200, {}])
      expect(fake.of('inject')).toEqual([
        ['tea', { author: profileOf('ann'), type: 'message', content }],
      ])
    },
  )

  it.each(['"x"', '7', 'null', '[]'])('injects %s', async (json) => {
    await serve()
    const init = { method: 'POST', body: json, headers: ann }
    expect((await call('/talk/item/tea/?type=photo', init)).status).toBe(200)
    expect(fake.of('inject')).toMatchObject([
      ['tea', { type: 'photo', content: `{"body":${json},"injected":${json}}` }],
    ])
  })

  it.each(['', 'hi', '{', '"\\ud800"', Buffer.from([0x22, 0xff, 0x22]), '['.repeat(32)])(
    'refuses what is no JSON: %s',
    async (text) => {
      await serve()
      const answer = await call('/talk/item/tea/', { method: 'POST', body: text, headers: ann })
      expect([answer.status, answer.json]).toEqual([400, error])
      expect(fake.asked).toEqual([])
    },
  )

  it('takes the types that are listed, and the regular one', async () => {
    await serve({}, { talk: { talkMessageTypes: ['photo'], talkRegularType: 'text' } })
    for (const [query, status] of [
      ['', 200],
      ['?type=text', 200],
      ['?type=photo', 200],
      ['?type=message', 400],
      [`?type=${'x'.repeat(201)}`, 400],
      ['?type=photo&type=text', 400],
    ] as const) {
      const answer = await post(`/talk/item/tea/${query}`, {}, ann)
      expect([answer.status, answer.json]).toEqual([status, status === 200 ? {} : error])
    }
    expect(fake.of('inject')).toHaveLength(3)
  })

  it('injects as the system, or as a user, for the app', async () => {
    await serve({}, { talk: { talkUserPrefix: 'app:' } })
    for (const [path, headers] of [
      ['/talk/item/tea/', app],
      ['/talk/item/tea/?security_token=right', {}],
      ['/talk/item/tea/?as=bob', app],
    ] as const) {
      expect((await post(path, 1, headers)).status).toBe(200)
    }
    const bob = { user: 'app:bob', name: 'bob', info: '{"name":"bob"}' }
    expect(fake.of('inject').map(([, injection]) => injection)).toMatchObject([
      { author: undefined },
      { author: undefined },
      { author: bob },
    ])
    expect(fake.tokens).toEqual([])
    for (const as of ['', '%0a', 'x'.repeat(201)]) {
      expect((await post(`/talk/item/tea/?as=${as}`, 1, app)).status).toBe(400)
    }
  })

  it('lets no user speak as another', async () => {
    await serve()
    await post('/talk/item/tea/?as=bob', 1, ann)
    expect(fake.of('inject')).toMatchObject([['tea', { author: profileOf('ann') }]])
  })

  it('refuses more than a body may be', async () => {
    await serve({}, { http: { maxBodyBytes: 10 } })
    expect((await post('/talk/item/tea/', '12345678', ann)).status).toBe(200)
    expect(await post('/talk/item/tea/', '123456789', ann)).toMatchObject({
      status: 413,
      json: error,
    })
    expect(server.telemetry.limits).toEqual(['max-body-bytes'])
  })
})

describe('rooms', () => {
  it.each(['/talk/rooms/', '/talk/rooms', '/api/chat', '/api/chat/'])(
    'finds or makes one: %s',
    async (path) => {
      let made = true
      await serve({ find: () => ({ room: 'e598', made }) })
      const first = await post(path, { members: ['bob', 7, 'bob'] }, ann)
      expect([first.status, first.json]).toEqual([201, { chat: { token: 'e598' } }])
      made = false
      const second = await post(path, { members: ['bob'], token: 'e598' }, ann)
      expect([second.status, second.json]).toEqual([200, { chat: { token: 'e598' } }])
      expect(fake.of('find')).toEqual([
        [{ caller: 'ann', members: ['bob', '7'] }],
        [{ caller: 'ann', members: ['bob'], room: 'e598' }],
      ])
    },
  )

  it('takes a form, JSON that does not say so, and nothing', async () => {
    await serve({ find: () => ({ room: 'r', made: true }) }, { talk: { talkUserPrefix: 'app:' } })
    await post(
      '/talk/rooms/',
      form(['members', 'bob, eve'], ['members', 'tom'], ['token', 'x']),
      ann,
    )
    await call('/talk/rooms/', { method: 'POST', body: '{"members":["bob"]}', headers: ann })
    await call('/talk/rooms/', { method: 'POST', headers: ann })
    await call('/api/chat?token=token-ann', { method: 'POST', body: form(['token', 'y']) })
    expect(fake.of('find')).toEqual([
      [{ caller: 'ann', members: ['app:bob', 'app:eve', 'app:tom'], room: 'x' }],
      [{ caller: 'ann', members: ['app:bob'] }],
      [{ caller: 'ann', members: [] }],
      [{ caller: 'ann', members: [], room: 'y' }],
    ])
  })

  it.each([
    { members: 7 },
    { members: [null] },
    { members: [''] },
    { members: [{}] },
    { members: ['\n'] },
    { members: ['x'.repeat(201)] },
    { members: Array.from({ length: 1001 }, (_, i) => `u${i}`) },
    { token: 'a b' },
    { token: ['a'] },
    { token: 'x'.repeat(201) },
    [],
    'x',
  ])('refuses %j', async (body) => {
    await serve()
    const { status, json } = await post('/talk/rooms/', body, ann)
    expect([status, json]).toEqual([400, error])
    expect(fake.asked).toEqual([])
  })
})

describe.each([
  ['new-chat-room', 'add'],
  ['unsubscribe', 'remove'],
] as const)('%s', (name, method) => {
  const path = `/talk/${name}/tea/`
  const by = method === 'add' ? { by: { kind: 'app' } } : {}

  it('takes users and tokens, in a form and in JSON', async () => {
    await serve({}, { talk: { talkUserPrefix: 'app:' } })
    const bodies = [
      form(['tokens', 'token-ann,token-bob'], ['tokens', 'token-eve']),
      { tokens: ['token-ann', 'token-bob', 'token-eve', 'token-ann'] },
      { users: ['ann', 'bob'], tokens: ['token-eve'] },
      form(['users', 'ann , 7']),
    ]
    for (const body of bodies) {
      const { status, json } = await post(path, body, app)
      expect([status, json]).toEqual([200, {}])
    }
    expect(fake.of(method)).toEqual([
      ['tea', { users: ['ann', 'bob', 'eve'], ...by }],
      ['tea', { users: ['ann', 'bob', 'eve'], ...by }],
      ['tea', { users: ['app:ann', 'app:bob', 'eve'], ...by }],
      ['tea', { users: ['app:ann', 'app:7'], ...by }],
    ])
  })

  it('takes the API token in the form, in JSON and in the query', async () => {
    await serve()
    const right: [string, string] = ['security_token', 'right']
    await post(path, form(['users', 'ann'], right))
    await post(path, { users: ['ann'], security_token: 'right' })
    await post(`${path}?security_token=right`, form(['users', 'ann']))
    expect(fake.of(method)).toHaveLength(3)
  })

  it.each([
    form(),
    form(['tokens', '']),
    form(['tokens', ' , '], ['users', '']),
    form(['tokens', 'token-ann\n']),
    form(['tokens', 'token-ann,wrong']),
    form(['tokens', 'wrong'], ['tokens', 'token-ann']),
    form(['tokens', 'broken']),
    form(['tokens', 'x'.repeat(4097)]),
    form(['users', 'a\u0000']),
    form(['users', 'ann'], ['security_token', 'right'], ['security_token', 'right']),
    {},
    { tokens: [] },
    { tokens: [''] },
    { tokens: ['token-ann', 'wrong'] },
    { tokens: { a: 1 } },
    { users: [['ann']] },
    { users: Array.from({ length: 1001 }, () => 'ann') },
    [],
  ])('refuses what names nobody, and one wrong token with all: %s', async (body) => {
    await serve()
    const { status, json } = await post(path, body, app)
    expect([status, json]).toEqual([400, error])
    expect(fake.asked).toEqual([])
  })

  it('refuses multipart and broken forms', async () => {
    await serve()
    const body = new FormData()
    body.append('users', 'ann')
    for (const text of [body, '%zz=1', 'users=%ed%a0%80', Buffer.from([0xff])]) {
      const answer = await call(path, { method: 'POST', body: text, headers: app })
      expect([answer.status, answer.json]).toEqual([400, error])
    }
    expect(fake.asked).toEqual([])
  })

  it('counts no wrong token that the app itself sends', async () => {
    await serve({}, { http: { maxFailedLogins: 1 } })
    for (let i = 0; i < 3; i += 1) {
      expect((await post(path, { tokens: ['wrong'] }, app)).status).toBe(400)
    }
    expect((await call('/talk/old/tea/?token=other')).status).toBe(400)
  })

  it('is open to anybody where it is told to be', async () => {
    await serve({}, { talk: { talkOpenMembership: true } })
    expect((await post(path, { tokens: ['token-bob'] })).status).toBe(200)
    const anybody = method === 'add' ? { by: { kind: 'anybody' } } : {}
    expect(fake.of(method)).toEqual([['tea', { users: ['bob'], ...anybody }]])
    const wrong = { authorization: 'Bearer wrong' }
    expect((await post(path, { users: ['bob'] }, wrong)).status).toBe(403)
    expect((await post(path, { users: ['bob'] }, app)).status).toBe(200)
  })
})

describe('who may call', () => {
  it.each([
    ['GET', '/talk/old/tea/', 400],
    ['POST', '/talk/item/tea/', 400],
    ['GET', '/talk/notification/tea/', 403],
    ['GET', '/talk/history/tea/', 403],
    ['POST', '/talk/rooms/', 403],
    ['POST', '/api/chat', 403],
    ['POST', '/talk/new-chat-room/tea/', 403],
    ['POST', '/talk/unsubscribe/tea/', 403],
  ])('nobody without a token: %s %s', async (method, path, status) => {
    await serve()
    for (const headers of [
      {},
      { authorization: 'Token wrong' },
      { authorization: 'Token broken' },
      { authorization: 'Token ' },
      { authorization: 'Token two words' },
      { authorization: 'Basic dG9rZW4tYW5u' },
      { authorization: 'Bearer wrong' },
      { authorization: 'Bearer token-ann' },
      { cookie: 'token=token-ann' },
    ]) {
      const answer = await call(path, { method, headers: headers as Record<string, string> })
      expect([answer.status, answer.json], JSON.stringify(headers)).toEqual([status, error])
    }
    expect(fake.asked).toEqual([])
  })

  it.each([
    [{ authorization: 'Token token-ann' }, ''],
    [{ authorization: 'token   token-ann' }, ''],
    [{ authentication: 'Token token-ann' }, ''],
    [{ authorization: 'Basic x', authentication: 'Token token-ann' }, ''],
    [{}, '?token=token-ann'],
    [ann, '?token=token-bob'],
  ])('a user by its token: %j %s', async (headers, query) => {
    await serve({ unread: () => 1 })
    const answer = await call(`/talk/notification/tea/${query}`, {
      headers: headers as Record<string, string>,
    })
    expect(answer.status).toBe(200)
    expect(fake.of('unread')).toEqual([['tea', { user: 'ann' }]])
  })

  it('a user adds members, and removes none', async () => {
    await serve()
    expect((await post('/talk/new-chat-room/tea/', { tokens: ['token-bob'] }, ann)).status).toBe(
      200,
    )
    expect(fake.of('add')).toEqual([['tea', { users: ['bob'], by: { kind: 'user', user: 'ann' } }]])
    expect((await post('/talk/unsubscribe/tea/', { users: ['bob'] }, ann)).status).toBe(403)
    expect(fake.of('remove')).toEqual([])
  })

  it('the app never, where it has no API token', async () => {
    await serve({}, { http: { apiToken: '' } })
    const headers = { authorization: 'Bearer x' }
    expect((await post('/talk/unsubscribe/tea/', { users: ['bob'] }, headers)).status).toBe(403)
    const body = form(['users', 'bob'], ['security_token', ''])
    expect((await post('/talk/unsubscribe/tea/', body)).status).toBe(403)
  })

  it('an address with too many wrong tokens waits, but right ones are served', async () => {
    const clock = new FakeClock()
    await serve({ unread: () => 0 }, { http: { maxFailedLogins: 2 }, clock })
    const path = '/talk/notification/tea/'
    expect((await call(path, { headers: ann })).status).toBe(200)
    expect((await call(`${path}?token=wrong`)).status).toBe(403)
    expect((await post('/talk/item/tea/', 1, { authorization: 'Bearer no' })).status).toBe(400)
    const asked = fake.tokens.length
    for (const token of ['wrong', 'token-new']) {
      const { status, json, headers } = await call(`${path}?token=${token}`)
      expect([status, json]).toEqual([429, error])
      expect(headers.get('retry-after')).toBe('5')
    }
    expect((await post('/talk/item/tea/', 1, { authorization: 'Bearer no' })).status).toBe(429)
    const guess = { tokens: ['guessed'] }
    expect((await post('/talk/new-chat-room/tea/', guess, ann)).status).toBe(429)
    expect(fake.tokens.slice(asked)).toEqual(['token-ann'])
    expect((await call(path, { headers: ann })).status).toBe(200)
    expect((await post('/talk/item/tea/', 1, app)).status).toBe(200)
    const elsewhere = { 'x-forwarded-for': '203.0.113.9' }
    expect((await call(`${path}?token=wrong`, { headers: elsewhere })).status).toBe(403)
    clock.advance(60_000)
    expect((await call(`${path}?token=token-new`)).status).toBe(200)
    // REST counts with it.
    for (let i = 0; i < 2; i += 1) await fetch(`${server.url}/web/publish?security_token=x`)
    expect((await call(`${path}?token=other`)).status).toBe(429)
  })
})

describe('what rooms refuse', () => {
  it.each([
    [new Refusal('not_room'), 403, 'not a room'],
    [new Refusal('not_member'), 403, 'not a member'],
    [new Refusal('room_forbidden'), 403, 'not a room'],
    [new Refusal('too_many_channels'), 429, 'Too many channels'],
    [new Refusal('store_failed'), 503, 'Temporarily unavailable'],
    [new Failure('store', '/secret/path'), 503, 'Temporarily unavailable'],
    [new Error('/secret/path'), 500, 'internal error'],
  ])('is told: %s', async (fault, status, text) => {
    const refuse = () => {
      throw fault
    }
    await serve({ old: refuse, inject: refuse, unread: refuse, find: refuse, add: refuse })
    for (const answer of [
      await call('/talk/old/tea/', { headers: ann }),
      await call('/talk/notification/tea/', { headers: ann }),
      await post('/talk/item/tea/', 1, ann),
      await post('/talk/rooms/', {}, ann),
      await post('/talk/new-chat-room/tea/', { users: ['bob'] }, app),
    ]) {
      expect([answer.status, answer.json]).toEqual([status, { error: text }])
      expect(answer.headers.has('retry-after')).toBe(status === 503)
    }
    expect(server.telemetry.failures).toHaveLength(fault instanceof Refusal ? 0 : 5)
  })
})

describe('paths', () => {
  it.each([
    '/talk/old/',
    '/talk/old/a%2Fb/',
    '/talk/old/a/b/',
    '/talk/old/a b/',
    '/talk/old/%00/',
    '/talk/old/ä/',
    `/talk/old/${'a'.repeat(201)}/`,
    `/talk/notification/${'a'.repeat(300)}/`,
    '/talk/history/',
    '/talk/history/,/',
    '/talk/history/a,b%20c/',
    '/talk/nothing/tea/',
    '/talk/constructor/tea/',
    '/talk/__proto__/',
    '/talk/rooms/tea/',
    '/talk/chat/tea/',
    '/talk//old/tea/',
    '/talk/static/x',
  ])('that lead nowhere: %s', async (path) => {
    await serve()
    const { status, json } = await call(path, { headers: ann })
    expect([status, json]).toEqual([404, error])
    expect(fake.tokens).toEqual([])
  })

  it('name rooms of 200 characters, escaped or not', async () => {
    await serve({ unread: () => 0 })
    const room = `${'a'.repeat(194)}.:,_-9`
    for (const name of [room, encodeURIComponent(room)]) {
      expect((await call(`/talk/notification/${name}/`, { headers: ann })).status).toBe(200)
    }
    expect(fake.of('unread').map(([name]) => name)).toEqual([room, room])
  })

  it.each([
    ['POST', '/talk/old/tea/', 'GET'],
    ['HEAD', '/talk/history/tea/', 'GET'],
    ['GET', '/talk/item/tea/', 'POST'],
    ['GET', '/api/chat', 'POST'],
    ['DELETE', '/talk/unsubscribe/tea/', 'POST'],
  ])('want their method: %s %s', async (method, path, allowed) => {
    await serve()
    const answer = await fetch(server.url + path, { method, headers: ann })
    expect(answer.status).toBe(405)
    expect(answer.headers.get('allow')).toBe(`${allowed}, OPTIONS`)
    const text = await answer.text()
    if (method !== 'HEAD') expect(JSON.parse(text)).toEqual({ error: `Use ${allowed}` })
    expect(fake.tokens).toEqual([])
  })

  it('are not there where talk is off', async () => {
    server = await start({})
    for (const path of ['/talk/', '/talk/old/tea/', '/api/chat']) {
      const answer = await fetch(server.url + path, { headers: ann })
      expect([answer.status, await answer.text()]).toEqual([404, 'Not found'])
    }
  })

  it('are logged without their query', async () => {
    await serve({ unread: () => 0 })
    await call('/talk/notification/tea/?token=token-ann')
    expect(server.access).toMatchObject([{ path: '/talk/notification/tea/', status: 200 }])
    expect(JSON.stringify(server.access)).not.toContain('token-ann')
  })
})

describe('every answer', () => {
  it('is for pages of any origin, without credentials, and kept nowhere', async () => {
    await serve({ unread: () => 0 })
    const origin = { origin: 'https://evil.example' }
    for (const answer of [
      await call('/talk/notification/tea/', { headers: { ...ann, ...origin } }),
      await call('/talk/notification/tea/', { headers: origin }),
      await call('/talk/nothing', { headers: origin }),
      await call('/talk/old/tea/', { method: 'DELETE', headers: origin }),
    ]) {
      expect(answer.headers.get('access-control-allow-origin')).toBe('*')
      expect(answer.headers.get('access-control-allow-credentials')).toBeNull()
      expect(answer.headers.get('cache-control')).toBe('no-store')
      expect(answer.headers.get('referrer-policy')).toBe('no-referrer')
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
    }
  })

  it('to a preflight says what may be sent', async () => {
    await serve()
    for (const path of ['/talk/item/tea/', '/api/chat']) {
      const answer = await fetch(server.url + path, {
        method: 'OPTIONS',
        headers: {
          origin: 'https://evil.example',
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'authorization',
        },
      })
      expect([answer.status, await answer.text()]).toEqual([204, ''])
      expect(answer.headers.get('access-control-allow-origin')).toBe('*')
      expect(answer.headers.get('access-control-allow-headers')).toBe(
        'Authorization, Authentication, Content-Type',
      )
    }
  })
})

describe('hostile requests', () => {
  it.each([
    '?token=token-ann&token=token-ann',
    '?type=a&type=b',
    '?token=%ed%a0%80',
    '?token=%zz',
    `?${'a&'.repeat(1001)}`,
  ])('with such a query are refused: %s', async (query) => {
    await serve()
    const { status, json } = await call(`/talk/notification/tea/${query}`, { headers: ann })
    expect([status, json]).toEqual([400, error])
    expect(fake.asked).toEqual([])
  })

  it.each(['/talk/old/%ff/', '/talk/old/%zz/'])('to no path are refused: %s', async (path) => {
    await serve()
    expect((await call(path, { headers: ann })).status).toBe(400)
    expect(fake.tokens).toEqual([])
  })

  it('name no prototype', async () => {
    await serve({ find: () => ({ room: 'r', made: true }) })
    await call('/talk/rooms/', {
      method: 'POST',
      body: '{"__proto__":{"token":"x","members":["eve"]}}',
      headers: { 'content-type': 'application/json', ...ann },
    })
    expect(fake.of('find')).toEqual([[{ caller: 'ann', members: [] }]])
    const body = '{"users":["bob"],"tokens":[],"__proto__":{}}'
    const headers = { 'content-type': 'application/json', ...app }
    await call('/talk/new-chat-room/tea/', { method: 'POST', body, headers })
    expect(fake.of('add')).toMatchObject([['tea', { users: ['bob'] }]])
  })

  it('with bodies nested deep are refused', async () => {
    await serve()
    const body = `{"members":${'['.repeat(40)}${']'.repeat(40)}}`
    const headers = { 'content-type': 'application/json', ...ann }
    const answer = await call('/talk/rooms/', { method: 'POST', body, headers })
    expect([answer.status, answer.json]).toEqual([400, error])
  })

  it('that end early are nobody’s fault', async () => {
    await serve()
    const answer = await exchange(
      server.port,
      'POST /talk/item/tea/ HTTP/1.1\r\nHost: x\r\nAuthorization: Token token-ann\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n',
    )
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect(server.telemetry.failures).toEqual([])
  })
})

describe('the test page', () => {
  it.each(['/talk/', '/talk'])('lets only our own script run: %s', async (path) => {
    await serve()
    const answer = await fetch(server.url + path)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(answer.headers.get('content-security-policy')).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    )
    expect(answer.headers.get('referrer-policy')).toBe('no-referrer')
    const html = await answer.text()
    expect(html).not.toMatch(/<script>|style=|\son[a-z]+=/)
    expect(html).toContain('<script src="/static/talk.js" defer></script>')
  })

  it('is only read', async () => {
    await serve()
    const head = await fetch(`${server.url}/talk/`, { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
    const answer = await fetch(`${server.url}/talk/`, { method: 'POST' })
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  })
})
