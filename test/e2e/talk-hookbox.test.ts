import { expect, it } from 'vitest'
import { type ClientTwo, loginTwo } from '../helpers/client-two.ts'
import { createManualClock } from '../helpers/manual-clock.ts'
import { shownProfile, tokenOf } from '../helpers/talk-backend.ts'
import { app, as, startTalk, type TalkWorld } from '../helpers/talk-world.ts'
import { describeWorlds, worldKinds } from '../helpers/world.ts'

const last = (talk: TalkWorld) => talk.world.nodes.length - 1

async function subscribers(talk: TalkWorld, room: string): Promise<string[] | undefined> {
  const info = await talk.world.rest.ok('get_channel_info', { channel_name: room })
  return info.subscribers?.toSorted()
}

describeWorlds(
  'talk and Hookbox in one room (spec/hipochat.md, "Between the two")',
  worldKinds,
  (start) => {
    it('see each other’s messages, each in its own shape', async () => {
      const talk = await startTalk(start)
      const ann = await talk.enter('room_hipo', 'ann', { node: 0 })
      const bob = await talk.world.login('bob', { node: last(talk) })
      await bob.subscribe('room_hipo')
      const two = await loginTwo(talk.world.nodes[0]?.url ?? '', 'dan')
      expect((await two.request('SUBSCRIBE', { channel_name: 'room_hipo' })).ok).toBe(true)

      ann.raw('{"timestamp": 1, "body": "hi", "author": "eve", "token": "t", "profile": {}}')
      await ann.heard('hi')
      expect(await bob.published('room_hipo')).toMatchObject({
        user: 'ann',
        payload: { body: 'hi' },
      })
      expect((await two.next('PUBLISH'))['payload']).toEqual({ body: 'hi' })

      bob.publish('room_hipo', { body: 'object', x: 1, author: 'eve', type: 'file' })
      expect(await ann.heard('object')).toEqual({
        body: 'object',
        x: 1,
        type: 'file',
        timestamp: expect.any(Number),
        author: 'bob',
        profile: { name: 'bob' },
        token: 'room_hipo',
      })
      for (const value of ['text', 7, null, [1, 2], true]) {
        bob.publish('room_hipo', value)
        const message = await ann.next((each) => 'message' in each)
        expect(message).toMatchObject({ message: value, type: 'message', author: 'bob' })
      }
      await two.request('PUBLISH', { channel_name: 'room_hipo', payload: { body: 'two' } })
      expect(await ann.heard('two')).toMatchObject({ author: 'dan' })
      await talk.http.post('/talk/item/room_hipo/', { json: [1] }, app)
      await two.next(
        'PUBLISH',
        (args) => JSON.stringify(args['payload']) === '{"body":[1],"injected":[1]}',
      )
      const old = await talk.http.get('/talk/old/room_hipo/', as('ann'))
      expect(old.body.oldy?.map(({ author }) => author)).toEqual([
        'The ann',
        ...Array.from({ length: 6 }, () => 'bob'),
        'dan',
        null,
      ])
      expect(old.body.oldy?.[0]).toMatchObject({ profile: shownProfile('ann') })
    })

    it('are told of a Hookbox message by a push too, with the name for a profile', async () => {
      const talk = await startTalk(start)
      await talk.http.post('/talk/new-chat-room/hall/', { json: { users: ['ann', 'bob'] } }, app)
      const bob = await talk.world.login('bob')
      await bob.subscribe('hall')
      bob.publish('hall', 'hi')
      expect(await talk.backend.nextPush()).toMatchObject({
        receivers: ['ann'],
        author: { name: 'bob' },
        body: 'hi',
        unread: { ann: 1 },
      })
    })

    it('hide the author of an anonymous room from talk, too', async () => {
      const talk = await startTalk(start)
      const fields = { channel_name: 'masked', members: ['ann', 'bob'], anonymous: true }
      await talk.world.rest.ok('room_create', fields)
      const bob = await talk.world.login('bob')
      await bob.subscribe('masked')
      const ann = await talk.enter('masked', 'ann')
      bob.publish('masked', { body: 'hi' })
      expect(await ann.heard('hi')).toMatchObject({ author: null, profile: null })
      ann.send({ body: 'from talk' })
      await bob.published('masked')
      expect(await bob.published('masked')).toMatchObject({ payload: { body: 'from talk' } })
      expect(bob.frames.all.map(({ text }) => text).join('')).not.toContain('The ann')
      expect(ann.texts.join('')).not.toContain('bob')
    })
  },
)

describeWorlds(
  'talk gets nobody round a hook (spec/hipochat.md, "Who may do what")',
  worldKinds,
  (start) => {
    it('asks subscribe and publish hooks of a user that is in by talk', async () => {
      const talk = await startTalk(start)
      const ann = await talk.enter('hall', 'ann', { node: 0 })
      talk.world.app.answer('subscribe', [false, { error: 'no' }])
      const page = await talk.world.login('ann', { node: last(talk) })
      expect(await page.error(page.send('SUBSCRIBE', { channel_name: 'hall' }))).toMatchObject({
        msg: 'no',
      })
      expect((await talk.world.app.next('subscribe')).form).toMatchObject({
        user: 'ann',
        channel_name: 'hall',
      })
      await ann.say('to talk only')
      expect(await page.unread('PUBLISH', 'SUBSCRIBE')).toEqual([])
      talk.world.app.answer('publish', [false, { error: 'not you' }])
      expect(await page.error(page.publish('hall', 1))).toMatchObject({ msg: 'not you' })
      const another = await loginTwo(talk.world.nodes[0]?.url ?? '', 'ann')
      for (const frame of ['HISTORY', 'PRESENCE']) {
        const answer = await another.request(frame, { channel_name: 'hall' })
        expect(answer.args.code).toBe('not_subscribed')
      }
      expect(talk.world.app.count('publish')).toBe(1)
      expect(ann.bodies).toEqual(['to talk only'])
    })

    it('asks the publish hook of Hookbox clients in a room, whose answer counts', async () => {
      const talk = await startTalk(start)
      const ann = await talk.enter('hall', 'ann')
      const bob = await talk.world.login('bob')
      await bob.subscribe('hall')
      talk.world.app.answer('publish', [false, { error: 'quiet' }])
      expect(await bob.error(bob.publish('hall', 'x'))).toMatchObject({ msg: 'quiet' })
      await ann.say('free')
      expect(ann.bodies).toEqual(['free'])
      expect(talk.world.app.count('publish')).toBe(1)
    })

    it('keeps talk out of a channel that Hookbox made, until the app makes it a room', async () => {
      const talk = await startTalk(start)
      const bob = await talk.world.login('bob', { node: 0 })
      await bob.subscribe('secret')
      const link = await talk.open('secret', tokenOf('ann'), { node: last(talk) })
      expect(await link.error()).toBe('not a room')
      expect((await link.closed).code).toBe(4009)
      for (const name of ['old', 'notification']) {
        const answer = await talk.http.get(`/talk/${name}/secret/`, as('ann'))
        expect([name, answer.status, answer.body]).toEqual([name, 403, { error: 'not a room' }])
      }
      for (const [path, json] of [
        ['/talk/item/secret/', 1],
        ['/api/chat', { token: 'secret' }],
        ['/talk/new-chat-room/secret/', { users: ['ann'] }],
      ] as const) {
        const answer = await talk.http.post(path, { json }, as('ann'))
        expect([path, answer.status, answer.body]).toEqual([path, 403, { error: 'not a room' }])
      }
      const history = await talk.http.get('/talk/history/secret/', as('ann'))
      expect(history.body.results).toEqual([{ room_name: 'secret', unread_count: 0, messages: [] }])
      await talk.world.rest.ok('room_add', { channel_name: 'secret', users: ['ann'] })
      const ann = await talk.enter('secret', 'ann')
      bob.publish('secret', { body: 'welcome' })
      await ann.heard('welcome')
    })

    it('keeps the links of one user apart when one side ends', async () => {
      const talk = await startTalk(start)
      const ann = await talk.enter('hall', 'ann', { node: 0 })
      const page = await talk.world.login('ann', { node: last(talk) })
      await page.subscribe('hall')
      page.send('UNSUBSCRIBE', { channel_name: 'hall' })
      await page.next('UNSUBSCRIBE')
      await ann.say('still here')
      expect(await subscribers(talk, 'hall')).toEqual(['ann'])
      await page.subscribe('hall')
      await ann.close()
      const bob = await talk.enter('hall', 'bob')
      await bob.say('for the page')
      await page.next('PUBLISH', (args) => JSON.stringify(args.payload).includes('for the page'))
      // Both at once: a removed member is out by both.
      const both = await talk.enter('hall', 'ann')
      await talk.http.post('/talk/unsubscribe/hall/', { json: { users: ['ann'] } }, app)
      await both.closed
      await page.next('UNSUBSCRIBE', ({ user }) => user === 'ann')
      await bob.say('without ann')
      const frames = await page.unread('PUBLISH')
      expect(frames.filter(({ text }) => text.includes('without ann'))).toEqual([])
    })
  },
)

describeWorlds('version 2 in rooms: READ, ROOMS, TYPING', worldKinds, (start) => {
  const rooms = async (client: ClientTwo) => {
    const { args } = await client.request('ROOMS')
    return (args['rooms'] as { channel_name: string; unread: number }[]).map(
      ({ channel_name: room, unread }) => [room, unread],
    )
  }

  it('shows the same count in all tabs on all nodes, however it came about', async () => {
    const talk = await startTalk(start)
    await talk.http.post('/talk/new-chat-room/hall/', { json: { users: ['ann', 'bob'] } }, app)
    const url = (node: number) => talk.world.nodes[node]?.url ?? ''
    const [one, two] = [await loginTwo(url(0), 'bob'), await loginTwo(url(last(talk)), 'bob')]
    for (const tab of [one, two]) await tab.request('SUBSCRIBE', { channel_name: 'hall' })
    const ann = await talk.enter('hall', 'ann')
    for (const n of [1, 2, 3]) await ann.say(n)
    for (const tab of [one, two]) await tab.next('PUBLISH', ({ offset }) => offset === 3)
    expect(await rooms(two)).toEqual([['hall', 3]])
    const read = await one.request('READ', { channel_name: 'hall', offset: 2 })
    expect(read.args).toMatchObject({ offset: 2, unread: 1 })
    for (const tab of [one, two])
      expect(await tab.next('READ', ({ offset = 0 }) => offset > 0)).toEqual({
        channel_name: 'hall',
        offset: 2,
        unread: 1,
      })
    expect(await talk.unread('hall', 'bob')).toBe(1)
    expect(await rooms(one)).toEqual([['hall', 1]])
    const back = await two.request('READ', { channel_name: 'hall', offset: 1 })
    expect(back.args).toMatchObject({ offset: 2, unread: 1 })
    // By HTTP, as Hipochat's pages read.
    await talk.http.get('/talk/old/hall/', as('bob'))
    for (const tab of [one, two])
      expect(await tab.next('READ', ({ offset }) => offset === 3)).toMatchObject({ unread: 0 })
    expect(await rooms(two)).toEqual([['hall', 0]])
  })

  it('refuses to read where one is no member, and tells of no room', async () => {
    const talk = await startTalk(start)
    await talk.enter('hall', 'ann')
    const eve = await loginTwo(talk.world.nodes[0]?.url ?? '', 'eve')
    for (const channel_name of ['hall', 'none']) {
      const answer = await eve.request('READ', { channel_name, offset: 1 })
      expect(answer.args).toMatchObject({ code: 'not_member', msg: 'not a member' })
    }
    expect(await rooms(eve)).toEqual([])
  })

  it('tells the others on all nodes who is typing, at most once in 3 s, and talk nothing', async () => {
    const clock = createManualClock()
    const talk = await startTalk(start, { clock })
    const users = ['ann', 'bob', 'cid']
    await talk.http.post('/talk/new-chat-room/hall/', { json: { users } }, app)
    const url = (node: number) => talk.world.nodes[node]?.url ?? ''
    const [bob, cid] = [await loginTwo(url(0), 'bob'), await loginTwo(url(0), 'cid')]
    for (const each of [bob, cid]) await each.request('SUBSCRIBE', { channel_name: 'hall' })
    const ann = await talk.enter('hall', 'ann', { node: last(talk) })
    for (let n = 0; n < 3; n += 1)
      expect((await bob.request('TYPING', { channel_name: 'hall' })).ok).toBe(true)
    expect(await cid.next('TYPING')).toEqual({ channel_name: 'hall', user: 'bob' })
    await clock.advance(3000)
    await bob.request('TYPING', { channel_name: 'hall' })
    await cid.next('TYPING')
    await cid.request('PING')
    expect(cid.frames.all.filter(({ name }) => name === 'TYPING')).toHaveLength(2)
    expect(bob.frames.all.filter(({ name }) => name === 'TYPING')).toEqual([])
    const eve = await loginTwo(url(0), 'eve')
    expect((await eve.request('TYPING', { channel_name: 'hall' })).args.code).toBe('not_subscribed')
    await eve.request('SUBSCRIBE', { channel_name: 'hall' })
    expect((await eve.request('TYPING', { channel_name: 'hall' })).args.code).toBe('not_member')
    await ann.say('done')
    expect(ann.bodies).toEqual(['done'])
  })
})
