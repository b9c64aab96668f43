import { expect, it } from 'vitest'
import { createManualClock } from '../helpers/manual-clock.ts'
import { shownProfile, tokenOf } from '../helpers/talk-backend.ts'
import type { Recent, Split } from '../helpers/talk-http.ts'
import { app, as, startTalk } from '../helpers/talk-world.ts'
import { describeWorlds, reliableKinds, worldKinds } from '../helpers/world.ts'

const users = (...names: string[]) => new URLSearchParams({ users: names.join(',') })

describeWorlds('talk: the life of a room (spec/hipochat.md §2, §3)', worldKinds, (start) => {
  it('brings every message to all who are in, and counts and pushes it for the one who is away', async () => {
    const talk = await startTalk(start)
    await talk.http.post('/talk/new-chat-room/hall/', users('ann', 'bob', 'cid'), app)
    const ann = await talk.enter('hall', 'ann', { node: 0 })
    const bob = await talk.enter('hall', 'bob', { node: talk.world.nodes.length - 1 })
    const before = Date.now() / 1000
    ann.raw('{"body": "hi", "timestamp": 1, "author": "eve", "profile": 2, "token": 3, "x": [1.0]}')
    const heard = await bob.heard('hi')
    expect(await ann.heard('hi')).toEqual(heard)
    const { timestamp, ...said } = heard
    expect(said).toEqual({
      body: 'hi',
      x: [1],
      type: 'message',
      author: 'The ann',
      profile: shownProfile('ann'),
      token: 'hall',
    })
    expect(timestamp).toBeGreaterThanOrEqual(Math.floor(before * 1000) / 1000)
    expect(ann.texts.at(-1)).toMatch(/"timestamp":\d+\.\d+/)
    expect(ann.texts.at(-1)).toContain('"x": [1.0]')
    await bob.say('you too')
    await ann.heard('you too')

    for (const [text, count] of [
      ['hi', 1],
      ['you too', 2],
    ] as const) {
      const push = await talk.backend.nextPush(({ body }) => body === text)
      expect(push).toMatchObject({ chat_token: 'hall', receivers: ['cid'], type: 'message' })
      expect(push.unread['cid']).toBeGreaterThanOrEqual(count)
    }
    expect(await talk.unread('hall', 'cid')).toBe(2)
    expect(await talk.unread('hall', 'ann')).toBe(0)
    expect(await talk.unread('hall', 'bob')).toBe(0)

    const history = await talk.http.get('/talk/history/hall', as('cid'))
    const [hall] = history.body.results as Recent[]
    expect(hall).toMatchObject({ room_name: 'hall', unread_count: 2 })
    expect(hall?.messages.map(({ body }) => body)).toEqual(['you too'])

    const old = await talk.http.get('/talk/old/hall/', as('cid'))
    expect(old.body.oldy?.map(({ body }) => body)).toEqual(['hi', 'you too'])
    expect(old.body.oldy?.[0]).toEqual(heard)
    const split = old.body.results as Split
    expect(split.read_messages).toEqual([])
    expect(split.unread_messages).toEqual(old.body.oldy)
    expect(await talk.unread('hall', 'cid')).toBe(0)
    expect(talk.world.app.calls.all.filter(({ action }) => action !== '')).toEqual([])
  })

  it('takes who comes first for a new member that has nothing unread, and the room for made', async () => {
    const talk = await startTalk(start)
    const ann = await talk.enter('new', 'ann')
    await ann.say(1)
    const bob = await talk.enter('new', 'bob')
    expect(bob.texts).toEqual(['{"ERROR": "invalid message"}'])
    expect(await talk.members('new')).toEqual(['ann', 'bob'])
    const old = await talk.http.get('/talk/old/new/', as('bob'))
    const { read_messages: read, unread_messages: unread } = old.body.results as Split
    expect([read.length, unread.length]).toEqual([1, 0])
  })

  it('keeps two sockets of one member apart from nobody: each hears all, one end is no leave', async () => {
    const talk = await startTalk(start)
    const [one, two] = [await talk.enter('hall', 'ann'), await talk.enter('hall', 'ann')]
    const bob = await talk.enter('hall', 'bob')
    await bob.say('both')
    expect((await one.heard('both')).body).toBe((await two.heard('both')).body)
    await one.close()
    await bob.say('still')
    await two.heard('still')
    expect(await talk.unread('hall', 'ann')).toBe(0)
    await two.close()
    await expect
      .poll(async () => {
        const info = await talk.world.rest.ok('get_channel_info', { channel_name: 'hall' })
        return info.subscribers
      })
      .toEqual(['bob'])
    await bob.say('gone')
    const push = await talk.backend.nextPush()
    expect(push).toMatchObject({ receivers: ['ann'], body: 'gone', unread: { ann: 1 } })
    expect(await talk.unread('hall', 'ann')).toBe(1)
    expect(talk.backend.told).toEqual(['ann "gone"'])
  })

  it('does not end with its last socket, but with its last member', async () => {
    const talk = await startTalk(start)
    const ann = await talk.enter('hall', 'ann')
    await ann.say('kept')
    await ann.close()
    await expect
      .poll(async () => {
        const info = await talk.world.rest.ok('get_channel_info', { channel_name: 'hall' })
        return info.subscribers
      })
      .toEqual([])
    const old = await talk.http.get('/talk/old/hall/', as('ann'))
    expect(old.body.oldy?.map(({ body }) => body)).toEqual(['kept'])
    const left = await talk.http.post('/talk/unsubscribe/hall/', users('ann'), app)
    expect(left.status).toBe(200)
    expect(await talk.world.rest.refused('get_channel_info', { channel_name: 'hall' })).toBe(
      "Channel hall doesn't exist",
    )
  })

  it('splits where the last socket closed or the last old was, wherever a new socket was opened', async () => {
    const talk = await startTalk(start)
    const bob = await talk.enter('hall', 'bob')
    const ann = await talk.enter('hall', 'ann', { node: 0 })
    await bob.say('seen')
    await ann.heard('seen')
    await ann.close()
    await expect
      .poll(async () => {
        const info = await talk.world.rest.ok('get_channel_info', { channel_name: 'hall' })
        return info.subscribers
      })
      .toEqual(['bob'])
    await bob.say('missed')
    const again = await talk.enter('hall', 'ann', { node: talk.world.nodes.length - 1 })
    expect(await talk.unread('hall', 'ann')).toBe(0)
    const bodies = async () => {
      const { body } = await talk.http.get('/talk/old/hall', as('ann'))
      const { read_messages: read, unread_messages: unread } = body.results as Split
      return [read.map((message) => message.body), unread.map((message) => message.body)]
    }
    expect(await bodies()).toEqual([['seen'], ['missed']])
    expect(await bodies()).toEqual([['seen', 'missed'], []])
    await again.close()
  })
})

describeWorlds('talk: a restart (spec/hipochat.md §7)', reliableKinds, (start) => {
  it('keeps members, markers, history and pushes that are not told yet', async () => {
    const clock = createManualClock()
    const talk = await startTalk(start, { clock })
    talk.backend.answerPushes({ status: 500 })
    await talk.http.post('/talk/new-chat-room/hall/', users('ann', 'bob', 'cid'), app)
    const ann = await talk.enter('hall', 'ann')
    const bob = await talk.enter('hall', 'bob')
    await ann.say('before')
    await bob.heard('before')
    const tried = await talk.backend.nextPush()
    const message = (await talk.http.get('/talk/old/hall/', as('bob'))).body.oldy
    await talk.restart()
    expect((await ann.closed).code).toBe(1012)
    expect(ann.texts.filter((text) => text.includes('ERROR'))).toHaveLength(1)
    expect(await talk.members('hall')).toEqual(['ann', 'bob', 'cid'])
    expect(await talk.unread('hall', 'ann')).toBe(0)
    expect(await talk.unread('hall', 'cid')).toBe(1)
    expect((await talk.http.get('/talk/old/hall/', as('ann'))).body.oldy).toEqual(message)
    talk.backend.answerPushes({ status: 200 })
    while (talk.backend.pushes.all.length < 2) await clock.advance(1000)
    expect(await talk.backend.nextPush()).toEqual(tried)
    const back = await talk.enter('hall', 'ann')
    await back.say('after')
    expect(await talk.backend.nextPush(({ body }) => body === 'after')).toMatchObject({
      receivers: expect.arrayContaining(['cid']),
    })
  })

  it('makes of one set of members the same room before and after', async () => {
    const talk = await startTalk(start)
    const ask = (members: string[], user: string) =>
      talk.http.post('/talk/rooms/', { json: { members } }, as(user))
    const made = await ask(['ann', 'bob'], 'ann')
    expect(made.status).toBe(201)
    expect(made.body.chat?.token).toMatch(/^[0-9a-f]{32}$/)
    await talk.restart()
    const found = await ask(['bob', 'ann'], 'bob')
    expect([found.status, found.body]).toEqual([200, made.body])
    const eve = await talk.open(made.body.chat?.token ?? '', tokenOf('eve'))
    expect(await eve.error()).toBe('not a member')
    await eve.closed
  })
})
