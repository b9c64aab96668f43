import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { Child, root } from '../cli/child.ts'
import { startApp } from '../helpers/app.ts'
import { shownProfile, TalkBackend, tokenOf } from '../helpers/talk-backend.ts'
import { openTalk } from '../helpers/talk-client.ts'
import { TalkHttp } from '../helpers/talk-http.ts'
import { app, as, startTalk } from '../helpers/talk-world.ts'
import { describeWorlds, oneKind } from '../helpers/world.ts'

describeWorlds('talk: settings (spec/hipochat.md §1, §4, §8)', oneKind, (start) => {
  it('--talk-compat 0.1: the author is the profile, a count is digits or null', async () => {
    const talk = await startTalk(start, { args: ['--talk-compat', '0.1'] })
    await talk.http.post('/talk/new-chat-room/hall/', { json: { users: ['ann', 'bob'] } }, app)
    const bob = await talk.enter('hall', 'bob')
    expect(await talk.unread('hall', 'ann')).toBe(null)
    const heard = await bob.say('hi')
    expect(heard).toMatchObject({ author: shownProfile('bob'), profile: shownProfile('bob') })
    expect(await talk.unread('hall', 'ann')).toBe('1')
    const old = await talk.http.get('/talk/old/hall/', as('ann'))
    expect(old.body.oldy).toEqual([heard])
    await talk.http.post('/talk/item/hall/', { json: 1 }, app)
    expect(await bob.heard(1)).toMatchObject({ author: null, profile: null, injected: 1 })
  })

  it('--talk-user-prefix: keeps the users of both apart, and from the app that it is there', async () => {
    const talk = await startTalk(start, { args: ['--talk-user-prefix', 'chat:'] })
    await talk.http.post('/talk/new-chat-room/hall/', { json: { users: ['ann', 'bob'] } }, app)
    const ann = await talk.enter('hall', 'ann')
    expect(await talk.members('hall')).toEqual(['chat:ann', 'chat:bob'])
    // A Hookbox user of the same name is somebody else, and no member.
    const other = await talk.world.login('bob')
    await other.subscribe('hall')
    expect(await ann.say('hi')).toMatchObject({ author: 'The ann', profile: shownProfile('ann') })
    expect(await other.published('hall')).toMatchObject({ user: 'chat:ann' })
    expect(await talk.backend.nextPush()).toMatchObject({ receivers: ['bob'], unread: { bob: 1 } })
    await talk.http.post('/talk/item/hall/?as=bob', { json: 'as bob' }, app)
    await ann.heard('as bob')
    expect(await talk.unread('hall', 'bob')).toBe(0)
    const room = await talk.http.post('/api/chat', { json: { members: ['bob'] } }, as('ann'))
    expect(await talk.members(String(room.body.chat?.token))).toEqual(['chat:ann', 'chat:bob'])
    await talk.http.post('/talk/unsubscribe/hall/', { json: { users: ['ann'] } }, app)
    await ann.closed
  })

  it('--talk-profile-fields: shows what it names, and by * all but what looks like a secret', async () => {
    const profile = {
      id: 7,
      name: 'Ann',
      email: 'ann@example.org',
      auth_token: 'x1',
      Password: 'x2',
      nested: { clientSecret: 'x3', kept: [1], list: [{ token: 'x4', ok: true }] },
      echo: 'see secret-token-of-7 here',
      deep: { echo: ['secret-token-of-7', 'fine'] },
    }
    const shown = { id: 7, name: 'Ann', email: 'ann@example.org' }
    for (const [args, wanted] of [
      [[], { id: 7, name: 'Ann' }],
      [['--talk-profile-fields', 'email'], { email: 'ann@example.org' }],
      [
        ['--talk-profile-fields', '*'],
        { ...shown, nested: { kept: [1], list: [{ ok: true }] }, deep: { echo: ['fine'] } },
      ],
    ] as const) {
      const talk = await startTalk(start, { args: [...args] })
      talk.backend.profiles.set('secret-token-of-7', profile)
      await talk.http.post('/talk/new-chat-room/hall/', { json: { users: ['bob'] } }, app)
      const ann = await talk.open('hall', 'secret-token-of-7')
      expect((await ann.say('hi')).profile).toEqual(wanted)
      expect((await talk.backend.nextPush()).author).toEqual(wanted)
      expect(await talk.members('hall')).toEqual(['7', 'bob'])
    }
  })

  it('--talk-user-key: names the user by that key alone', async () => {
    const talk = await startTalk(start, { args: ['--talk-user-key', 'login'] })
    talk.backend.profiles.set('right', { id: 1, login: 'ann', name: 'Ann' })
    const ann = await talk.open('hall', 'right')
    expect(await ann.say('hi')).toMatchObject({ author: 'Ann', profile: { id: 1, name: 'Ann' } })
    expect(await talk.members('hall')).toEqual(['ann'])
    const bob = await talk.open('hall', tokenOf('bob'))
    expect(await bob.error()).toBe('authentication error')
  })

  it.each([
    [{ id: 'ann', name: 'eve' }, 'ann'],
    [{ id: null, user_id: 5 }, '5'],
    [{ id: '', username: 'ann' }, 'ann'],
    [{ email: 'a@b.c' }, 'a@b.c'],
    [{ id: {}, name: 'ann' }, 'ann'],
    [{ id: null }, undefined],
    [{ id: {} }, undefined],
    [{ id: [1] }, undefined],
    [{ id: true }, undefined],
    [{ id: 1.5, name: 'ann' }, undefined],
    [{ id: 'a\nb', name: 'ann' }, undefined],
    [{ id: 'x'.repeat(201) }, undefined],
    [[], undefined],
    [{}, undefined],
  ])('takes the profile %j for %j', async (profile, user) => {
    const talk = await startTalk(start)
    talk.backend.profiles.set('the-token', profile)
    const link = await talk.open('hall', 'the-token')
    if (user === undefined) {
      expect(await link.error()).toBe('authentication error')
      expect((await link.closed).code).toBe(4008)
      expect((await talk.world.rest.ok('get_server_info')).channels).toEqual([])
    } else {
      await link.barrier()
      expect(await talk.members('hall')).toEqual([user])
    }
  })

  it.each([
    ['HTML', { status: 200, body: '<html>' }],
    ['half a JSON', { status: 200, body: '{"id": "ann"' }],
    ['a list', { status: 200, body: '["ann"]' }],
    ['nothing', { status: 200, body: '' }],
    ['204', { status: 204, body: '' }],
    ['201', { status: 201, body: '{"id": "ann"}' }],
    ['a redirect', { status: 302, headers: { Location: '/profile2' }, body: '{"id": "ann"}' }],
    ['more than 64 KiB', { status: 200, body: `{"id": "ann", "x": "${'x'.repeat(65_536)}"}` }],
  ])('takes a profile URL that answers with %s for a no', async (_what, answer) => {
    const talk = await startTalk(start)
    talk.backend.answerProfiles(() => answer)
    const link = await talk.open('hall', 'the-token')
    expect(await link.error()).toBe('authentication error')
    await link.closed
    expect(link.texts).toEqual(['{"ERROR": "authentication error"}'])
    const old = await talk.http.get('/talk/old/hall/', { token: 'the-token' })
    expect([old.status, old.body]).toEqual([400, { error: 'authentication error' }])
    expect((await talk.world.rest.ok('get_server_info')).channels).toEqual([])
  })

  it('--talk-profile-ttl: asks once while it remembers, and never remembers a no', async () => {
    const talk = await startTalk(start)
    for (let n = 0; n < 3; n += 1) await talk.http.get('/talk/old/hall/', as('ann'))
    for (let n = 0; n < 3; n += 1) await talk.http.get('/talk/old/hall/', { token: 'no' })
    expect(talk.backend.asked).toEqual(['token-of-ann', 'no', 'no', 'no'])
    const never = await startTalk(start, { args: ['--talk-profile-ttl', '0'] })
    for (let n = 0; n < 3; n += 1) await never.http.get('/talk/old/hall/', as('ann'))
    expect(never.backend.asked).toHaveLength(3)
  })

  it('--talk-open-membership: lets anybody change members and enter closed rooms', async () => {
    const talk = await startTalk(start, { args: ['--talk-open-membership'] })
    const users = (...names: string[]) => ({ json: { users: names } })
    expect((await talk.http.post('/talk/new-chat-room/hall/', users('ann', 'bob'))).status).toBe(
      200,
    )
    expect((await talk.http.post('/talk/unsubscribe/hall/', users('ann'))).status).toBe(200)
    expect(await talk.members('hall')).toEqual(['bob'])
    await talk.world.rest.ok('room_create', {
      channel_name: 'shut',
      closed: true,
      members: ['bob'],
    })
    const eve = await talk.enter('shut', 'eve')
    await eve.say('in')
    expect(await talk.members('shut')).toEqual(['bob', 'eve'])
  })

  it('--talk-closed: closes rooms made with members, not those made by entering', async () => {
    const talk = await startTalk(start, { args: ['--talk-closed'] })
    await talk.http.post('/talk/new-chat-room/shut/', { json: { users: ['ann'] } }, app)
    await talk.enter('open', 'ann')
    await talk.enter('open', 'eve')
    const eve = await talk.open('shut', tokenOf('eve'))
    expect(await eve.error()).toBe('not a member')
    for (const [method, path] of [
      ['get', '/talk/old/shut/'],
      ['get', '/talk/notification/shut/'],
      ['post', '/talk/item/shut/'],
    ] as const) {
      const answer =
        method === 'get'
          ? await talk.http.get(path, as('eve'))
          : await talk.http.post(path, { json: 1 }, as('eve'))
      expect([path, answer.status, answer.body]).toEqual([path, 403, { error: 'not a member' }])
    }
    const history = await talk.http.get('/talk/history/shut/', as('eve'))
    expect(history.body.results).toEqual([{ room_name: 'shut', unread_count: 0, messages: [] }])
  })

  it('--talk-rooms: makes rooms of no other free name, for users; the app may', async () => {
    const talk = await startTalk(start, {
      appArgs: ({ origin }) => [
        ...['--app-url', `${origin}/hookbox`, '--talk-rooms', 'room_*,hall?'],
      ],
    })
    await talk.enter('room_1', 'ann')
    await talk.enter('halls', 'ann')
    const link = await talk.open('secrets', tokenOf('ann'))
    expect(await link.error()).toBe('not a room')
    expect((await link.closed).code).toBe(4009)
    for (const [path, json] of [
      ['/talk/item/secrets/', 1],
      ['/talk/new-chat-room/secrets/', { users: ['ann'] }],
      ['/api/chat', { token: 'secrets' }],
    ] as const) {
      const answer = await talk.http.post(path, { json }, as('ann'))
      expect([path, answer.status, answer.body]).toEqual([path, 403, { error: 'not a room' }])
    }
    expect((await talk.world.rest.ok('get_server_info')).channels?.toSorted()).toEqual([
      'halls',
      'room_1',
    ])
    const made = await talk.http.post(
      '/talk/new-chat-room/secrets/',
      { json: { users: ['ann'] } },
      app,
    )
    expect(made.status).toBe(200)
    await talk.enter('secrets', 'ann')
  })
})

it('takes the variables of Hipochat 0.1, by the command itself', async () => {
  const testApp = await startApp()
  const backend = new TalkBackend()
  backend.serve(testApp)
  const folder = await mkdtemp(join(tmpdir(), 'offhook-hipochat-'))
  const env = {
    HIPOCHAT_PROFILE_URL: `${testApp.origin}/profile`,
    HIPOCHAT_PUSH_NOTIFICATION_URL: `${testApp.origin}/push`,
    HIPOCHAT_LISTEN_PORT: '0',
    HIPOCHAT_LISTEN_ADDRESS: '127.0.0.1',
    HIPOCHAT_REGULAR_MESSAGE_TYPE: 'text',
    HIPOCHAT_MESSAGE_TYPES: 'text,file',
    HIPOCHAT_NOTIFIABLE_MESSAGE_TYPES: 'text',
    OFFHOOK_API_TOKEN: 'the-api-token',
  }
  const cli = join(root, 'src', 'cli.ts')
  const child = new Child([cli, '--store', 'memory'], { env, cwd: folder })
  try {
    const [url = ''] = await child.printed(/http:\/\/127\.0\.0\.1:\d+/)
    const http = new TalkHttp([url])
    await http.post('/talk/new-chat-room/hall/', { json: { users: ['ann', 'bob'] } }, app)
    const ann = await openTalk(url, { room: 'hall', token: tokenOf('ann') })
    ann.send({ body: 'quiet', type: 'file' })
    expect(await ann.heard('quiet')).toMatchObject({ type: 'file' })
    expect(await ann.say('loud')).toMatchObject({ type: 'text' })
    expect(await backend.nextPush()).toMatchObject({
      body: 'loud',
      type: 'text',
      receivers: ['bob'],
    })
    const status = async (type: string) =>
      (await http.post(`/talk/item/hall/?type=${type}`, { json: 1 }, as('ann'))).status
    expect([await status('file'), await status('call')]).toEqual([200, 400])
    expect(child.stdout + child.stderr).not.toContain(tokenOf('ann'))
  } finally {
    await child.destroy()
    await testApp.close()
    await rm(folder, { recursive: true, force: true })
  }
  const refused = new Child([cli], { env: { ...env, HIPOCHAT_REDIS_HOST: 'redis.example' } })
  expect(await refused.ended).toBe(2)
  expect(refused.stderr).toContain('HIPOCHAT_REDIS_HOST')
  const mixed = new Child([cli, '--app-url', 'http://127.0.0.1:9/hookbox'], { env })
  expect(await mixed.ended).toBe(2)
  expect(mixed.stderr).toContain("say which names may become rooms, e.g. --talk-rooms 'room_*'")
}, 60_000)
