import { expect, it } from 'vitest'
import { createManualClock, type ManualClock } from '../helpers/manual-clock.ts'
import { shownProfile, signatureOf } from '../helpers/talk-backend.ts'
import { app, startTalk, type TalkWorld } from '../helpers/talk-world.ts'
import { describeWorlds, reliableKinds, type WorldKind } from '../helpers/world.ts'

const kinds: readonly WorldKind[] = ['one node, level', 'two nodes']
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

async function addMembers(talk: TalkWorld, ...users: string[]): Promise<void> {
  const answer = await talk.http.post('/talk/new-chat-room/hall/', { json: { users } }, app)
  expect(answer.status).toBe(200)
}

/** Lets the clock go on until so many calls have come, tries included; no faster than the server answers. */
async function untilPushed(talk: TalkWorld, clock: ManualClock, count: number): Promise<void> {
  while (talk.backend.pushes.all.length < count) {
    await clock.advance(1000)
    for (let n = 0; n < 3; n += 1) await talk.world.rest.ok('notices')
  }
}

/** Nothing waits in the outbox any more, now or soon. */
async function expectNoneWaiting(talk: TalkWorld, clock?: ManualClock, dead = 0): Promise<void> {
  const look = async () => {
    await clock?.advance(1000)
    return talk.world.rest.ok('notices')
  }
  await expect.poll(look).toMatchObject({ waiting: 0, dead })
}

async function expectInRoom(talk: TalkWorld, ...users: string[]): Promise<void> {
  await expect
    .poll(async () => {
      const info = await talk.world.rest.ok('get_channel_info', { channel_name: 'hall' })
      return info.subscribers?.toSorted()
    })
    .toEqual(users)
}

describeWorlds('talk: pushes (spec/hipochat.md §5, §6)', kinds, (start) => {
  it('tell the app at once of what a message is, signed', async () => {
    const talk = await startTalk(start, { args: ['--signing-secret', secret] })
    await addMembers(talk, 'ann', 'bob')
    const ann = await talk.enter('hall', 'ann')
    const sent: [unknown, unknown][] = [
      [{ body: { a: 1 }, message: 'no' }, { a: 1 }],
      [{ message: 'hi', type: 'file' }, 'hi'],
      [{ x: [1], token: 'no' }, { x: [1] }],
    ]
    for (const [message, body] of sent) {
      ann.send(message)
      const call = await talk.backend.pushes.next('push')
      expect(call.body).toEqual({
        chat_token: 'hall',
        receivers: ['bob'],
        type: 'type' in (message as object) ? 'file' : 'message',
        author: shownProfile('ann'),
        body,
        id: expect.stringMatching(/^msg_/),
        timestamp: expect.closeTo(Date.now() / 1000, -2),
        unread: { bob: sent.findIndex((each) => each[0] === message) + 1 },
      })
      expect(call.headers['webhook-id']).toBe(call.body.id)
      expect(call.headers['webhook-signature']).toBe(signatureOf(secret, call))
      expect(call.headers['content-type']).toBe('application/json')
      expect(call.headers.authorization).toBeUndefined()
    }
    const ids = talk.backend.pushes.all.map(({ body }) => body.id)
    expect(new Set(ids).size).toBe(3)
    await expectNoneWaiting(talk)
  })

  it('carry at most 100 receivers; more are split, and nobody is told twice', async () => {
    const talk = await startTalk(start)
    const users = Array.from({ length: 250 }, (_, n) => `user${n}`)
    await addMembers(talk, 'ann', ...users)
    const ann = await talk.enter('hall', 'ann')
    await ann.say('hi')
    const calls = [
      await talk.backend.nextPush(),
      await talk.backend.nextPush(),
      await talk.backend.nextPush(),
    ]
    expect(calls.map(({ receivers }) => receivers.length).sort()).toEqual([100, 100, 50])
    expect(calls.flatMap(({ receivers }) => receivers).sort()).toEqual(users.toSorted())
    for (const { receivers, unread } of calls)
      expect(unread).toEqual(Object.fromEntries(receivers.map((user) => [user, 1])))
    expect(new Set(calls.map(({ id }) => id)).size).toBe(3)
    await expectNoneWaiting(talk)
  })

  it('are tried again after 5 s and 30 s under the same id with the same body, each time signed anew', async () => {
    const clock = createManualClock()
    const talk = await startTalk(start, { clock, args: ['--signing-secret', secret] })
    await addMembers(talk, 'ann', 'bob')
    const ann = await talk.enter('hall', 'ann')
    talk.backend.answerPushes(() => ({
      status: talk.backend.pushes.all.length < 3 ? 500 : 200,
    }))
    await ann.say('hi')
    const from = clock.now()
    const times: number[] = []
    for (let tries = 1; tries <= 3; tries += 1) {
      await untilPushed(talk, clock, tries)
      times.push(Math.round((clock.now() - from) / 1000))
      await expect
        .poll(() => talk.world.rest.ok('notices'))
        .toMatchObject({ waiting: tries < 3 ? 1 : 0 })
    }
    const calls = talk.backend.pushes.all
    expect(calls.map(({ text }) => text)).toEqual([calls[0]?.text, calls[0]?.text, calls[0]?.text])
    for (const call of calls) {
      expect(call.headers['webhook-id']).toBe(calls[0]?.body.id)
      expect(call.headers['webhook-signature']).toBe(signatureOf(secret, call))
    }
    const [first = 0, second = 0, third = 0] = times
    expect(second - first).toBeGreaterThanOrEqual(4)
    // The clock does not wait for the store and the sockets.
    expect(second - first).toBeLessThan(25)
    expect(third - second).toBeGreaterThanOrEqual(29)
    expect(third - second).toBeLessThan(100)
    for (let n = 0; n < 5; n += 1) await clock.advance(10_000)
    expect(talk.backend.pushes.all).toHaveLength(3)
  })

  it('are given up after five tries, listed, and told again when REST says so', async () => {
    const clock = createManualClock()
    const talk = await startTalk(start, { clock })
    await addMembers(talk, 'ann', 'bob')
    const ann = await talk.enter('hall', 'ann')
    talk.backend.answerPushes({ status: 503 })
    await ann.say('hi')
    await untilPushed(talk, clock, 5)
    await expectNoneWaiting(talk, clock, 1)
    const list = async () => (await talk.world.rest.ok('notices')).notices ?? []
    await expect.poll(list).toHaveLength(1)
    const [dead] = await list()
    expect(dead).toMatchObject({
      kind: 'push_call',
      tries: 5,
      body: { chat_token: 'hall', receivers: ['bob'], body: 'hi', author: shownProfile('ann') },
    })
    talk.backend.answerPushes({ status: 204 })
    await talk.world.rest.ok('replay_notice', { id: dead?.id })
    await untilPushed(talk, clock, 6)
    const calls = talk.backend.pushes.all
    expect(calls[5]?.text).toBe(calls[0]?.text)
    expect(calls[5]?.headers['webhook-id']).toBe(dead?.id)
    await expectNoneWaiting(talk, clock)
  })

  it('wait out an endpoint that is down, while one that is slow holds up no message', async () => {
    const clock = createManualClock()
    const talk = await startTalk(start, { clock })
    await addMembers(talk, 'ann', 'bob')
    const ann = await talk.enter('hall', 'ann')
    const bell = Promise.withResolvers<void>()
    talk.backend.answerPushes(async ({ body }) => {
      if (body.body === 'slow') await bell.promise
      return { status: 200 }
    })
    await ann.say('slow')
    await talk.backend.nextPush()
    await ann.say('quick')
    await untilPushed(talk, clock, 2)
    expect(await talk.backend.nextPush()).toMatchObject({ body: 'quick', receivers: ['bob'] })
    bell.resolve()
    await expectNoneWaiting(talk, clock)
  })

  it('leave out whoever is in the room, on any node and by any protocol', async () => {
    const clock = createManualClock()
    const talk = await startTalk(start, { clock })
    const last = talk.world.nodes.length - 1
    await addMembers(talk, 'ann', 'bob', 'cid', 'dan', 'eve')
    const ann = await talk.enter('hall', 'ann', { node: 0 })
    await talk.enter('hall', 'bob', { node: last })
    const cid = await talk.world.login('cid', { node: last })
    await cid.subscribe('hall')
    const dan = await talk.world.login('dan', { node: last })
    await ann.say('hi')
    await untilPushed(talk, clock, 1)
    expect((await talk.backend.nextPush()).receivers).toEqual(['dan', 'eve'])
    // Connected is not in the room; only who is subscribed hears it.
    await dan.subscribe('hall')
    await cid.close()
    await expectInRoom(talk, 'ann', 'bob', 'dan')
    await ann.say('two')
    await untilPushed(talk, clock, 2)
    expect((await talk.backend.nextPush()).receivers).toEqual(['cid', 'eve'])
  })

  it('tell of the types that are to be told only, of injections too', async () => {
    const clock = createManualClock()
    const talk = await startTalk(start, {
      clock,
      args: ['--talk-notifiable-types', 'message,file'],
    })
    await addMembers(talk, 'ann', 'bob')
    const ann = await talk.enter('hall', 'ann')
    ann.send({ body: 1, type: 'typing' })
    ann.send({ body: 2 })
    await ann.heard(2)
    await talk.http.post('/talk/item/hall/?type=call', { json: 3 }, app)
    await talk.http.post('/talk/item/hall/?type=file', { json: 4 }, app)
    await untilPushed(talk, clock, 2)
    for (let n = 0; n < 3; n += 1) await clock.advance(1000)
    expect(talk.backend.told).toEqual(['bob 2', 'bob 4'])
    expect(await talk.unread('hall', 'bob')).toBe(4)
    await expectNoneWaiting(talk, clock)
  })
})

describeWorlds('talk: delayed pushes (spec/hipochat.md §5)', kinds, (start) => {
  const args = ['--talk-push-delay', '10']

  it('become one call of several messages for each set of receivers, without who has read', async () => {
    const clock = createManualClock()
    const talk = await startTalk(start, { clock, args })
    await addMembers(talk, 'ann', 'bob', 'cid', 'dan')
    const ann = await talk.enter('hall', 'ann')
    await ann.say('one')
    await ann.say('two')
    const dan = await talk.enter('hall', 'dan')
    await dan.close()
    await expectInRoom(talk, 'ann')
    await ann.say('three')
    await clock.advance(5000)
    expect(talk.backend.pushes.all).toEqual([])
    await talk.enter('hall', 'cid')
    await untilPushed(talk, clock, 2)
    const calls = [await talk.backend.nextPush(), await talk.backend.nextPush()]
    const byReceiver = new Map(calls.map((call) => [call.receivers.join(), call]))
    expect(byReceiver.get('bob')).toMatchObject({ body: 'three', count: 3, unread: { bob: 3 } })
    expect(byReceiver.get('dan')).toMatchObject({ body: 'three', unread: { dan: 1 } })
    expect(byReceiver.get('dan')).not.toHaveProperty('count')
    for (let n = 0; n < 3; n += 1) await clock.advance(10_000)
    expect(talk.backend.pushes.all).toHaveLength(2)
    await expectNoneWaiting(talk, clock)
  })

  it('come not at all where everybody has read meanwhile', async () => {
    const clock = createManualClock()
    const talk = await startTalk(start, { clock, args })
    await addMembers(talk, 'ann', 'bob')
    const ann = await talk.enter('hall', 'ann')
    await ann.say('one')
    const { status } = await talk.http.get('/talk/old/hall/', { token: 'token-of-bob' })
    expect(status).toBe(200)
    for (let n = 0; n < 3; n += 1) await clock.advance(10_000)
    await expectNoneWaiting(talk, clock)
    expect(talk.backend.pushes.all).toEqual([])
  })
})

describeWorlds('talk: a link that was lost (spec/hipochat.md §5)', reliableKinds, (start) => {
  // Found out within the 5 s after which what was sent counts as read.
  const args = ['--ping-interval', '2', '--ping-timeout', '1']

  it('is told afterwards of what may not have come, each message once and to that user alone', async () => {
    const clock = createManualClock()
    const talk = await startTalk(start, { clock, args })
    await addMembers(talk, 'ann', 'bob', 'cid')
    const ann = await talk.enter('hall', 'ann', { node: 0 })
    const bob = await talk.enter('hall', 'bob', { node: talk.world.nodes.length - 1 })
    await ann.say('heard')
    await bob.heard('heard')
    await clock.advance(6000)
    // As a pulled cable: nothing is read or answered any more, and no end is said.
    bob.socket.pause()
    await ann.say('one')
    await ann.say('two')
    await untilPushed(talk, clock, 3)
    expect(talk.backend.told).toEqual(['cid "heard"', 'cid "one"', 'cid "two"'])
    await untilPushed(talk, clock, 5)
    bob.socket.terminate()
    await expectInRoom(talk, 'ann')
    const told = talk.backend.pushes.all.slice(3).map(({ body }) => body)
    expect(told.map(({ receivers, body, unread }) => [body, receivers, unread]).sort()).toEqual([
      ['one', ['bob'], { bob: 2 }],
      ['two', ['bob'], { bob: 2 }],
    ])
    expect(await talk.unread('hall', 'bob')).toBe(2)
    await ann.say('three')
    await untilPushed(talk, clock, 6)
    for (let n = 0; n < 3; n += 1) await clock.advance(1000)
    expect(talk.backend.told.filter((one) => one.startsWith('bob'))).toEqual([
      'bob "one"',
      'bob "three"',
      'bob "two"',
    ])
    await expectNoneWaiting(talk, clock)
  })

  it('is not told where another link of the user has been there', async () => {
    const clock = createManualClock()
    const talk = await startTalk(start, { clock, args })
    await addMembers(talk, 'ann', 'bob')
    const ann = await talk.enter('hall', 'ann', { node: 0 })
    const lost = await talk.enter('hall', 'bob', { node: 0 })
    const tab = await talk.enter('hall', 'bob', { node: talk.world.nodes.length - 1 })
    lost.socket.pause()
    await ann.say('hi')
    await tab.heard('hi')
    await clock.advance(10_000)
    lost.socket.terminate()
    await tab.close()
    await expectInRoom(talk, 'ann')
    for (let n = 0; n < 3; n += 1) await clock.advance(1000)
    await expectNoneWaiting(talk, clock)
    expect(talk.backend.pushes.all).toEqual([])
  })
})
