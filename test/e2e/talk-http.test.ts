import { expect, it } from 'vitest'
import { shownProfile, tokenOf } from '../helpers/talk-backend.ts'
import type { Recent, Split } from '../helpers/talk-http.ts'
import { app, as, startTalk } from '../helpers/talk-world.ts'
import { describeWorlds, oneKind, type WorldKind } from '../helpers/world.ts'

const kinds: readonly WorldKind[] = ['one node, memory', 'two nodes']
const form = (fields: Record<string, string>) => new URLSearchParams(fields)

describeWorlds('talk over HTTP: reading (spec/hipochat.md §3)', kinds, (start) => {
  it('gives a first visitor everything as read, also one who never entered', async () => {
    const talk = await startTalk(start)
    const ann = await talk.enter('hall', 'ann')
    for (const n of [1, 2, 3]) await ann.say(n)
    const old = await talk.http.get('/talk/old/hall/', as('eve'))
    expect(old.status).toBe(200)
    const { read_messages: read, unread_messages: unread } = old.body.results as Split
    expect(old.body.oldy?.map(({ body }) => body)).toEqual([1, 2, 3])
    expect(read).toEqual(old.body.oldy)
    expect(unread).toEqual([])
    expect(await talk.members('hall')).toEqual(['ann'])
  })

  it('counts unread messages of each type, and by history the newest of each room', async () => {
    const talk = await startTalk(start)
    await talk.http.post('/talk/new-chat-room/hall/', form({ users: 'ann,bob' }), app)
    await talk.http.post('/talk/new-chat-room/yard/', form({ users: 'ann' }), app)
    const ann = await talk.enter('hall', 'ann')
    ann.send({ body: 1, type: 'file' })
    ann.send({ body: 2 })
    ann.send({ body: 3, type: 'file' })
    ann.send({ body: 4, type: '' })
    ann.send({ body: 5, type: 7 })
    await ann.heard(5)
    const count = async (query: string) =>
      (await talk.http.get(`/talk/notification/hall/${query}`, as('bob'))).body
    expect(await count('')).toEqual({ notification: 5 })
    expect(await count('?type=file')).toEqual({ notification: 2 })
    expect(await count('?type=message')).toEqual({ notification: 3 })
    expect(await count('?type=other')).toEqual({ notification: 0 })
    expect(await count('?type=')).toEqual({ notification: 5 })

    const history = async (path: string, user = 'bob') => {
      const { status, body } = await talk.http.get(`/talk/history/${path}`, as(user))
      expect(status).toBe(200)
      return (body.results as Recent[]).map((room) => [
        room.room_name,
        room.unread_count,
        room.messages.map((message) => message.body),
      ])
    }
    expect(await history('hall/')).toEqual([['hall', 5, [5]]])
    expect(await history('hall?limit=3')).toEqual([['hall', 5, [3, 4, 5]]])
    expect(await history('hall/?limit=99999')).toEqual([['hall', 5, [1, 2, 3, 4, 5]]])
    expect(await history('yard,hall,none,hall')).toEqual([
      ['yard', 0, []],
      ['hall', 5, [5]],
      ['none', 0, []],
    ])
    expect(await history('hall,yard', 'eve')).toEqual([
      ['hall', 0, []],
      ['yard', 0, []],
    ])
    expect(await history('hall', 'ann')).toEqual([['hall', 0, [5]]])
  })

  it('makes no room by reading', async () => {
    const talk = await startTalk(start)
    expect((await talk.http.get('/talk/old/none/', as('ann'))).body).toEqual({
      oldy: [],
      results: { read_messages: [], unread_messages: [] },
    })
    expect(await talk.unread('none', 'ann')).toBe(0)
    expect((await talk.world.rest.ok('get_server_info')).channels).toEqual([])
  })

  it.each([
    ['old', 400],
    ['notification', 403],
    ['history', 403],
  ])('refuses /talk/%s/ by %d without a token that the app knows', async (name, status) => {
    const talk = await startTalk(start)
    for (const caller of [{}, { token: 'unknown' }, { token: 'x'.repeat(4097) }]) {
      const answer = await talk.http.get(`/talk/${name}/hall/`, caller)
      expect([answer.status, answer.body]).toEqual([status, { error: 'authentication error' }])
    }
    expect(talk.backend.asked).toEqual(['unknown'])
  })

  it.each(['', '/'])('takes the token by both headers and by the query: %j', async (slash) => {
    const talk = await startTalk(start)
    const value = `Token ${tokenOf('ann')}`
    const ways: [string, Record<string, string>][] = [
      ['', { Authorization: value }],
      ['', { Authentication: value }],
      [`?token=${tokenOf('ann')}`, {}],
    ]
    const posts: [string, object][] = [
      ['/talk/item/hall', [1]],
      ['/talk/rooms', { token: 'hall' }],
      ['/api/chat', { token: 'hall' }],
      ['/talk/new-chat-room/hall', { users: ['bob'] }],
    ]
    for (const [query, headers] of ways) {
      for (const name of ['old', 'notification', 'history']) {
        const answer = await talk.http.get(`/talk/${name}/hall${slash}${query}`, { headers })
        expect([name, query, answer.status]).toEqual([name, query, 200])
      }
      for (const [path, json] of posts) {
        const answer = await talk.http.post(`${path}${slash}${query}`, { json }, { headers })
        expect([path, query, answer.status]).toEqual([path, query, 200])
      }
    }
    const removal = await talk.http.post(
      `/talk/unsubscribe/hall${slash}`,
      form({ users: 'eve' }),
      app,
    )
    expect(removal.status).toBe(200)
  })
})

describeWorlds('talk over HTTP: injections (spec/hipochat.md §3, §4)', kinds, (start) => {
  it.each([
    '7',
    '-0.10e2',
    '"text"',
    'null',
    'true',
    '[1, [2, {"a": null}]]',
    '{"message": "foobar", "user": "johndoe", "author": "eve", "__proto__": {"x": 1}}',
    '{"a": {"b": {"c": [12345678901234567890]}}}',
  ])('tells everybody %s as it was written', async (json) => {
    const talk = await startTalk(start)
    const bob = await talk.enter('hall', 'bob', { node: 0 })
    const answer = await talk.http.post('/talk/item/hall/', { text: json }, as('ann'))
    expect([answer.status, answer.text]).toEqual([200, '{}'])
    const { body, injected, ...rest } = await bob.next((message) => 'injected' in message)
    expect(bob.texts.at(-1)).toContain(`"body":${json},"injected":${json},`)
    expect(body).toEqual(JSON.parse(json))
    expect(injected).toEqual(body)
    expect(rest).toEqual({
      timestamp: expect.any(Number),
      type: 'message',
      author: 'The ann',
      profile: shownProfile('ann'),
      token: 'hall',
    })
    const old = await talk.http.get('/talk/old/hall/', as('bob'))
    expect(old.body.oldy).toEqual([{ body, injected, ...rest }])
  })

  it('takes the types that are allowed, and refuses others with nothing stored', async () => {
    const talk = await startTalk(start, { args: ['--talk-message-types', 'note,file'] })
    const bob = await talk.enter('hall', 'bob')
    for (const [query, status] of [
      ['', 200],
      ['?type=message', 200],
      ['?type=file', 200],
      ['?type=call', 400],
      [`?type=${'x'.repeat(201)}`, 400],
      ['?type=file&type=note', 400],
    ] as const) {
      const answer = await talk.http.post(`/talk/item/hall/${query}`, { json: query }, as('ann'))
      expect([query, answer.status]).toEqual([query, status])
      if (status === 400) expect(answer.body.error).toEqual(expect.any(String))
    }
    await bob.heard('?type=file')
    await bob.barrier()
    expect(bob.messages.all.flatMap(({ type }) => type ?? [])).toEqual([
      'message',
      'message',
      'file',
    ])
  })

  it('speaks for the app as the system or as a user, who then has read it', async () => {
    const talk = await startTalk(start)
    await talk.http.post('/talk/new-chat-room/hall/', form({ users: 'ann,bob' }), app)
    const eve = await talk.enter('hall', 'eve')
    await talk.http.post('/talk/item/hall/', { json: 'all' }, app)
    expect(await eve.heard('all')).toMatchObject({ author: null, profile: null, token: 'hall' })
    expect([await talk.unread('hall', 'ann'), await talk.unread('hall', 'bob')]).toEqual([1, 1])
    await talk.http.post('/talk/item/hall/?as=ann', { json: 'as ann' }, app)
    expect(await eve.heard('as ann')).toMatchObject({ author: 'ann', profile: { name: 'ann' } })
    expect([await talk.unread('hall', 'ann'), await talk.unread('hall', 'bob')]).toEqual([0, 2])
    const byUser = await talk.http.post('/talk/item/hall/?as=ann', { json: 'forged' }, as('eve'))
    expect(byUser.status).toBe(200)
    expect(await eve.heard('forged')).toMatchObject({ author: 'The eve' })
  })

  it.each([
    ['no JSON', 'hi'],
    ['nothing', ''],
    ['half of it', '{"a":'],
    ['a lone surrogate', '"\\ud800"'],
    ['32 levels, which the message makes 33', `${'['.repeat(32)}${']'.repeat(32)}`],
  ])('refuses %s with nothing stored', async (_what, text) => {
    const talk = await startTalk(start)
    const bob = await talk.enter('hall', 'bob')
    const answer = await talk.http.post('/talk/item/hall/', { text }, as('ann'))
    expect([answer.status, answer.body.error]).toEqual([400, expect.stringMatching(/json/i)])
    const denied = await talk.http.post('/talk/item/hall/', { json: 1 })
    expect([denied.status, denied.body]).toEqual([400, { error: 'authentication error' }])
    await bob.say('next')
    expect(bob.bodies).toEqual(['next'])
    expect(await talk.members('hall')).toEqual(['bob'])
  })
})

describeWorlds('talk over HTTP: making rooms (spec/hipochat.md §3)', kinds, (start) => {
  it('answers 201 and then 200 for the same set of people, in whatever order and by whom', async () => {
    const talk = await startTalk(start)
    const ask = async (path: string, members: unknown, user: string) => {
      const { status, body } = await talk.http.post(path, { json: { members } }, as(user))
      return [status, body.chat?.token]
    }
    const [status, room] = await ask('/talk/rooms/', ['bob', 'cid'], 'ann')
    expect([status, room]).toEqual([201, expect.stringMatching(/^[0-9a-f]{32}$/)])
    expect(await ask('/api/chat', ['cid', 'bob', 'ann', 'bob'], 'ann')).toEqual([200, room])
    expect(await ask('/talk/rooms', ['ann', 'cid'], 'bob')).toEqual([200, room])
    const [other, otherRoom] = await ask('/api/chat/', ['bob'], 'ann')
    expect([other, otherRoom === room]).toEqual([201, false])
    expect(await talk.members(String(room))).toEqual(['ann', 'bob', 'cid'])
    const eve = await talk.http.get(`/talk/old/${room}/`, as('eve'))
    expect([eve.status, eve.body]).toEqual([403, { error: 'not a member' }])
  })

  it('remembers the set as it was when the room was made', async () => {
    const talk = await startTalk(start)
    const ask = (members: string[]) => talk.http.post('/api/chat', { json: { members } }, as('ann'))
    const room = String((await ask(['bob'])).body.chat?.token)
    await talk.http.post(`/talk/new-chat-room/${room}/`, form({ users: 'cid' }), app)
    expect((await ask(['bob'])).body.chat?.token).toBe(room)
    const three = await ask(['bob', 'cid'])
    expect([three.status, three.body.chat?.token === room]).toEqual([201, false])
  })

  it('takes a name: the caller becomes a member of an open room, and is kept out of a closed one', async () => {
    const talk = await startTalk(start)
    const ask = async (fields: object, user: string) => {
      const { status, body } = await talk.http.post('/talk/rooms/', { json: fields }, as(user))
      return [status, body.chat?.token ?? body.error]
    }
    expect(await ask({ token: 'open' }, 'ann')).toEqual([201, 'open'])
    expect(await ask({ token: 'open' }, 'bob')).toEqual([200, 'open'])
    expect(await talk.members('open')).toEqual(['ann', 'bob'])
    expect(await ask({ token: 'shut', members: ['bob'] }, 'ann')).toEqual([201, 'shut'])
    expect(await ask({ token: 'shut' }, 'bob')).toEqual([200, 'shut'])
    expect(await ask({ token: 'shut' }, 'eve')).toEqual([403, 'not a member'])
    expect(await ask({ token: 'a/b' }, 'ann')).toEqual([400, expect.any(String)])
    expect(await ask({ members: [{}] }, 'ann')).toEqual([400, expect.any(String)])
    const nobody = await talk.http.post('/api/chat', { json: {} })
    expect([nobody.status, nobody.body]).toEqual([403, { error: 'authentication error' }])
    expect((await talk.world.rest.ok('get_server_info')).channels?.toSorted()).toEqual([
      'open',
      'shut',
    ])
  })
})

describeWorlds('talk over HTTP: members (spec/hipochat.md §4)', kinds, (start) => {
  it.each([
    ['repeated users', new URLSearchParams('users=ann&users=bob')],
    ['a comma list of users', form({ users: 'ann, bob' })],
    ['JSON users', { json: { users: ['ann', 'bob'] } }],
    ['repeated tokens', new URLSearchParams('tokens=token-of-ann&tokens=token-of-bob')],
    ['a comma list of tokens', form({ tokens: 'token-of-ann,token-of-bob' })],
    ['JSON tokens', { json: { tokens: ['token-of-ann', 'token-of-bob'] } }],
    ['both', { json: { tokens: ['token-of-ann'], users: ['bob'] } }],
  ])('are added and removed by %s', async (_what, sent) => {
    const talk = await startTalk(start)
    const added = await talk.http.post('/talk/new-chat-room/hall/', sent, app)
    expect([added.status, added.text]).toEqual([200, '{}'])
    expect(await talk.members('hall')).toEqual(['ann', 'bob'])
    const ann = await talk.enter('hall', 'ann', { node: 0 })
    await talk.http.post('/talk/new-chat-room/hall/', form({ users: 'cid' }), app)
    const removed = await talk.http.post('/talk/unsubscribe/hall/', sent, app)
    expect([removed.status, removed.text]).toEqual([200, '{}'])
    await ann.closed
    expect(await talk.members('hall')).toEqual(['cid'])
  })

  it.each([
    ['nothing', form({}), 'Missing tokens or users'],
    ['empty tokens', form({ tokens: '' }), 'Missing tokens or users'],
    ['an empty list', { json: { tokens: [] } }, 'Missing tokens or users'],
    ['one right and one wrong token', form({ tokens: 'token-of-ann,wrong' }), 'not valid'],
    [
      'a right user and a wrong token',
      { json: { users: ['ann'], tokens: ['wrong'] } },
      'not valid',
    ],
    [
      'a token with a newline',
      { json: { tokens: ['token-of-ann', 'token-of\nbob'] } },
      'not valid',
    ],
    ['a name with a newline', { json: { users: ['ann', 'b\nb'] } }, 'Invalid user name'],
    ['a number that is none', { json: { users: ['ann', 1.5] } }, 'list of strings'],
    ['broken JSON', { text: '{"users": ["ann"' }, 'json'],
  ])('are not changed by %s', async (_what, sent, error) => {
    const talk = await startTalk(start)
    for (const path of ['/talk/new-chat-room/hall/', '/talk/unsubscribe/kept/']) {
      await talk.http.post('/talk/new-chat-room/kept/', form({ users: 'ann' }), app)
      const answer = await talk.http.post(path, sent, app)
      expect([answer.status, answer.body.error]).toEqual([400, expect.stringContaining(error)])
    }
    expect(await talk.members('kept')).toEqual(['ann'])
    expect((await talk.world.rest.ok('get_server_info')).channels).toEqual(['kept'])
  })

  it('are added by a member and to a new room by anybody with a token, and removed by the app alone', async () => {
    const talk = await startTalk(start)
    const add = (user: string, users: string) =>
      talk.http.post('/talk/new-chat-room/hall/', form({ users }), as(user))
    expect((await add('ann', 'ann,bob')).status).toBe(200)
    expect((await add('bob', 'cid')).status).toBe(200)
    const eve = await add('eve', 'eve')
    expect([eve.status, eve.body]).toEqual([403, { error: 'not a member' }])
    for (const caller of [{}, { token: 'wrong' }, { api: 'wrong' }]) {
      const answer = await talk.http.post('/talk/new-chat-room/hall/', form({ users: 'x' }), caller)
      expect(answer.status).toBe(403)
    }
    for (const caller of [{}, as('ann'), { api: 'wrong' }]) {
      const answer = await talk.http.post('/talk/unsubscribe/hall/', form({ users: 'cid' }), caller)
      expect(answer.status).toBe(403)
    }
    expect(await talk.members('hall')).toEqual(['ann', 'bob', 'cid'])
    const fields = form({ users: 'cid', security_token: 'the-api-token' })
    expect((await talk.http.post('/talk/unsubscribe/hall/', fields)).status).toBe(200)
    expect(await talk.members('hall')).toEqual(['ann', 'bob'])
  })

  it('who were removed are told why, stay out of an open room, and come back once added', async () => {
    const talk = await startTalk(start)
    const ann = await talk.enter('hall', 'ann')
    const tab = await talk.enter('hall', 'ann')
    const bob = await talk.enter('hall', 'bob')
    await bob.say('one')
    await ann.heard('one')
    expect(
      (await talk.http.post('/talk/unsubscribe/hall/', form({ users: 'ann' }), app)).status,
    ).toBe(200)
    for (const link of [ann, tab]) {
      await link.closed
      expect(link.texts.at(-1)).toBe('{"ERROR": "not a member"}')
    }
    const again = await talk.open('hall', tokenOf('ann'))
    expect(await again.error()).toBe('not a member')
    expect((await again.closed).code).toBe(4010)
    for (const path of ['old', 'notification']) {
      const answer = await talk.http.get(`/talk/${path}/hall/`, as('ann'))
      expect([path, answer.status, answer.body]).toEqual([path, 403, { error: 'not a member' }])
    }
    const item = await talk.http.post('/talk/item/hall/', { json: 'let me in' }, as('ann'))
    expect([item.status, item.body]).toEqual([403, { error: 'not a member' }])
    const asked = await talk.http.post('/api/chat', { json: { token: 'hall' } }, as('ann'))
    expect(asked.status).toBe(403)
    await bob.say('two')
    expect(bob.bodies).toEqual(['one', 'two'])
    expect(talk.backend.pushes.all).toEqual([])
    await talk.http.post('/talk/new-chat-room/hall/', form({ users: 'ann' }), app)
    expect(await talk.unread('hall', 'ann')).toBe(0)
    const back = await talk.enter('hall', 'ann')
    await bob.say('three')
    await back.heard('three')
    expect(await talk.members('hall')).toEqual(['ann', 'bob'])
  })
})

describeWorlds('talk over HTTP: paths', oneKind, (start) => {
  it.each([
    '/talk/old/a%2Fb/',
    '/talk/old/a b/',
    '/talk/old/r%C3%B6om/',
    `/talk/old/${'x'.repeat(300)}/`,
    '/talk/old//',
    '/talk/old',
    '/talk/old/a/b/',
    '/talk/history/,/',
    '/talk/constructor/hall/',
  ])('that name no room lead nowhere: %s', async (path) => {
    const talk = await startTalk(start)
    const answer = await talk.http.get(path, as('ann'))
    expect([answer.status, answer.body]).toEqual([404, { error: 'Not found' }])
    const socket = path.replace('/old/', '/chat/')
    await expect(talk.open('', '', { path: `${socket}?token=token-of-ann` })).rejects.toThrow('404')
  })

  it.each(['-1', 'abc', '0', '1.5', '%00', ' 1'])('refuse limit=%s', async (limit) => {
    const talk = await startTalk(start)
    const answer = await talk.http.get(`/talk/history/hall?limit=${limit}`, as('ann'))
    expect([answer.status, answer.body]).toEqual([400, { error: 'Invalid limit' }])
  })

  it('name a room of 200 characters, in which a comma is a character', async () => {
    const talk = await startTalk(start)
    const room = `a.b:c_d-e,${'x'.repeat(190)}`
    const ann = await talk.enter(room, 'ann')
    expect((await ann.say('long')).token).toBe(room)
    const old = await talk.http.get(`/talk/old/${encodeURIComponent(room)}/`, as('ann'))
    expect(old.body.oldy).toHaveLength(1)
  })
})
