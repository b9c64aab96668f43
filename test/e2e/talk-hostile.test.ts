import { expect, it } from 'vitest'
import { createManualClock } from '../helpers/manual-clock.ts'
import { slowStores } from '../helpers/slow-stores.ts'
import { tokenOf } from '../helpers/talk-backend.ts'
import type { TalkClient } from '../helpers/talk-client.ts'
import { app, as, startTalk, type TalkWorld } from '../helpers/talk-world.ts'
import { describeWorlds, oneKind, reliableKinds, type WorldKind } from '../helpers/world.ts'

const kinds: readonly WorldKind[] = ['one node, memory', 'two nodes']
const nested = (levels: number) => `${'{"a":'.repeat(levels - 1)}{}${'}'.repeat(levels - 1)}`

const turn = () => new Promise((resolve) => setImmediate(resolve))

async function oldBodies(talk: TalkWorld, room = 'hall'): Promise<unknown[]> {
  const { body } = await talk.http.get(`/talk/old/${room}/`, as('reader'))
  return (body.oldy ?? []).map((message) => message.body)
}

describeWorlds('talk: messages that are none (spec/hipochat.md §2)', oneKind, (start) => {
  it.each([
    ['an array', '[{"body": 1}]'],
    ['a string', '"hi"'],
    ['a number', '1'],
    ['null', 'null'],
    ['nothing', ''],
    ['half of one', '{"body": 1'],
    ['two', '{"body": 1}{"body": 2}'],
    ['a lone surrogate', '{"body": "\\ud800"}'],
    ['a lone surrogate in a key', '{"\\udc00": 1}'],
    ['33 levels', nested(33)],
    ['a frame of Hookbox', '[1, "PUBLISH", {"channel_name": "hall", "payload": "1"}]'],
  ])(
    'says of %s that it is invalid, stores nothing and lets the link stay',
    async (_what, text) => {
      const talk = await startTalk(start)
      const ann = await talk.enter('hall', 'ann')
      const bob = await talk.enter('hall', 'bob')
      ann.raw(text)
      expect((await ann.next()).ERROR).toBe('invalid message')
      await ann.say('fine')
      expect(await bob.heard('fine')).toMatchObject({ body: 'fine' })
      expect(bob.bodies).toEqual(['fine'])
      expect(await oldBodies(talk)).toEqual(['fine'])
      expect(ann.texts.slice(1, -1)).toEqual(['{"ERROR": "invalid message"}'])
    },
  )

  it('takes an object of 32 levels, __proto__ for a key, and a binary message of text', async () => {
    const talk = await startTalk(start)
    const ann = await talk.enter('hall', 'ann')
    const bob = await talk.enter('hall', 'bob')
    for (const text of [
      nested(32),
      '{"__proto__":{"polluted":1},"constructor":{"prototype":2}}',
      '{"\\u005f_proto__":{"polluted":1},"\\u0061uthor":"eve"}',
    ]) {
      ann.raw(text)
      const heard = await bob.next()
      expect(heard).toMatchObject({ type: 'message', author: 'The ann', token: 'hall' })
      if (text.includes('proto')) expect(bob.texts.at(-1)).toContain('_proto__":{"polluted":1}')
    }
    expect(bob.texts.join()).not.toContain('eve')
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
    ann.raw(Buffer.from('{"body": "bytes \u{1f600}"}'))
    await bob.heard('bytes \u{1f600}')
    const two = await talk.world.login('dan')
    const { history } = await two.subscribe('hall')
    expect(history).toHaveLength(4)
    expect(await talk.world.rest.ok('get_channel_info', { channel_name: 'hall' })).toMatchObject({
      subscribers: expect.arrayContaining(['ann']),
    })
  })

  it('keeps line breaks inside a message from cutting the frames of Hookbox clients', async () => {
    const talk = await startTalk(start)
    const ann = await talk.enter('hall', 'ann')
    const dan = await talk.world.login('dan')
    await dan.subscribe('hall')
    ann.raw('{\r\n"body":\r\n"x\\r\\ny"\n}')
    expect(await dan.published('hall')).toMatchObject({ payload: { body: 'x\r\ny' } })
    await ann.heard('x\r\ny')
  })

  it.each([
    ['70 KB', JSON.stringify({ body: 'x'.repeat(70_000) })],
    ['70 KB of two-byte characters', JSON.stringify({ body: 'é'.repeat(35_000) })],
  ])('closes a link that sends %s, and stores nothing of it', async (_what, text) => {
    const talk = await startTalk(start)
    const ann = await talk.enter('hall', 'ann')
    const bob = await talk.enter('hall', 'bob')
    ann.raw(text)
    expect((await ann.closed).code).toBe(1009)
    expect(ann.texts.at(-1)).toBe('{"ERROR": "Frame too large"}')
    await bob.say('next')
    expect(bob.bodies).toEqual(['next'])
  })

  it('closes a link that sends bytes which are no UTF-8', async () => {
    const talk = await startTalk(start)
    const ann = await talk.enter('hall', 'ann')
    ann.raw(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]))
    expect((await ann.closed).code).toBe(1007)
    expect(await oldBodies(talk)).toEqual([])
  })

  it('keeps what is sent while the app and the store still let it in, in order', async () => {
    const talk = await startTalk(start)
    const bob = await talk.enter('hall', 'bob')
    const opening = talk.open('hall', tokenOf('ann'))
    const ann = await opening
    for (let n = 0; n < 300; n += 1) ann.send({ body: n })
    await ann.heard(299)
    expect(ann.bodies).toEqual(Array.from({ length: 300 }, (_, n) => n))
    await bob.heard(299)
    expect(bob.bodies).toEqual(ann.bodies)
  })
})

describeWorlds('talk: tokens (spec/hipochat.md §1)', oneKind, (start) => {
  it.each([
    ['none', ''],
    ['an empty one', '?token='],
    ['a newline', '?token=token-of%0Aann'],
    ['a space', '?token=token-of-ann%20'],
    ['a letter beyond ASCII', '?token=token-of-%C3%A4nn'],
    ['4097 characters', `?token=${'x'.repeat(4097)}`],
  ])('asks the app about no token that is none: %s', async (_what, query) => {
    const talk = await startTalk(start)
    const link = await talk.open('', '', { path: `/talk/chat/hall/${query}` })
    expect((await link.closed).code).toBe(4008)
    expect(link.texts).toEqual(['{"ERROR": "authentication error"}'])
    expect(talk.backend.asked).toEqual([])
    expect((await talk.world.rest.ok('get_server_info')).channels).toEqual([])
  })

  it('takes a WebSocket’s token from the query only, and no slash at its end', async () => {
    const talk = await startTalk(start)
    const headers = { Authorization: `Token ${tokenOf('ann')}`, Cookie: 'token=token-of-ann' }
    const link = await talk.open('', '', { path: '/talk/chat/hall/', headers })
    expect(await link.error()).toBe('authentication error')
    const ann = await talk.open('', '', { path: '/talk/chat/hall?token=token-of-ann' })
    expect(await ann.say('hi')).toMatchObject({ token: 'hall' })
  })

  it('serves a flooding address no new tokens, but those it knows; and other addresses all', async () => {
    const clock = createManualClock()
    const talk = await startTalk(start, { clock, args: ['--talk-profile-ttl', '0'] })
    const from = (address: string, token: string) =>
      talk.http.get('/talk/old/hall/', { token, headers: { 'X-Forwarded-For': address } })
    expect((await from('192.0.2.1', tokenOf('ann'))).status).toBe(200)
    const statuses: number[] = []
    for (let n = 0; n < 40; n += 1) statuses.push((await from('192.0.2.1', `guess${n}`)).status)
    expect(statuses).toEqual([...Array(20).fill(400), ...Array(20).fill(429)])
    expect(talk.backend.asked).toHaveLength(21)
    const blocked = await from('192.0.2.1', tokenOf('bob'))
    expect([blocked.status, blocked.body]).toEqual([429, { error: 'Too many failed logins' }])
    expect((await from('192.0.2.1', tokenOf('ann'))).status).toBe(200)
    expect((await from('192.0.2.2', tokenOf('bob'))).status).toBe(200)
    const headers = { 'X-Forwarded-For': '192.0.2.1' }
    await expect(talk.open('hall', 'guess', { headers })).rejects.toThrow('429')
    const ann = await talk.open('hall', tokenOf('ann'), { headers })
    await ann.say('still served')
    const api = await talk.http.post('/talk/item/hall/', { json: 1 }, { ...app, headers })
    expect(api.status).toBe(200)
    await clock.advance(60_000)
    expect((await from('192.0.2.1', tokenOf('cid'))).status).toBe(200)
  })

  it('closes a link whose token is refused later, with the end said', async () => {
    const clock = createManualClock()
    const talk = await startTalk(start, { clock })
    const [ann, bob] = [await talk.enter('hall', 'ann'), await talk.enter('hall', 'bob')]
    await clock.advance(290_000)
    talk.backend.refused.add(tokenOf('ann'))
    expect(talk.backend.asked).toHaveLength(2)
    while (!ann.texts.some((text) => text.includes('authentication'))) await clock.advance(1000)
    expect((await ann.closed).code).toBe(4008)
    expect(ann.texts.at(-1)).toBe('{"ERROR": "authentication error"}')
    await bob.say('who is left')
    expect(await talk.members('hall')).toEqual(['ann', 'bob'])
  })

  it('closes a link whose token is another user’s by now', async () => {
    const clock = createManualClock()
    const talk = await startTalk(start, { clock })
    const ann = await talk.enter('hall', 'ann')
    talk.backend.profiles.set(tokenOf('ann'), { id: 'eve', name: 'Eve' })
    while (ann.socket.readyState === ann.socket.OPEN) await clock.advance(1000)
    expect((await ann.closed).code).toBe(4008)
  })

  it.each([{ status: 500 }, { status: 200, body: '<html>' }, { status: 429 }])(
    'bears with an app that answers %j for a while, not for ever',
    async (answer) => {
      const clock = createManualClock()
      const talk = await startTalk(start, { clock, args: ['--refresh-grace', '60'] })
      const ann = await talk.enter('hall', 'ann')
      talk.backend.answerProfiles(() => answer)
      while (talk.backend.asked.length < 2) await clock.advance(1000)
      await ann.say('still in')
      const from = clock.now()
      while (ann.socket.readyState === ann.socket.OPEN) await clock.advance(1000)
      expect((await ann.closed).code).toBe(4008)
      expect(clock.now() - from).toBeGreaterThan(50_000)
      const asked = talk.backend.asked.length
      expect(asked).toBeGreaterThan(4)
    },
  )

  it('lets a link stay whose app came back in time', async () => {
    const clock = createManualClock()
    const talk = await startTalk(start, { clock, args: ['--refresh-grace', '60'] })
    const ann = await talk.enter('hall', 'ann')
    talk.backend.answerProfiles(() => ({ status: 503 }))
    while (talk.backend.asked.length < 3) await clock.advance(1000)
    talk.backend.answerProfiles(() => undefined)
    for (let n = 0; n < 12; n += 1) await clock.advance(10_000)
    await ann.say('still in')
  })
})

describeWorlds('talk: races', kinds, (start) => {
  it('lets nobody in who is removed while entering, whatever comes first', async () => {
    const talk = await startTalk(start, { wrapStores: slowStores(Date.now()) })
    await talk.http.post('/talk/new-chat-room/hall/', { json: { users: ['keeper'] } }, app)
    const keeper = await talk.enter('hall', 'keeper')
    for (let round = 0; round < 40; round += 1) {
      const user = `user${round}`
      await talk.http.post('/talk/new-chat-room/hall/', { json: { users: [user] } }, app)
      const opening = talk.open('hall', tokenOf(user))
      // From when the app has said who it is, each time a little later.
      while (!talk.backend.asked.includes(tokenOf(user))) await turn()
      for (let n = 0; n < round; n += 1) await turn()
      const sent = { json: { users: [user] } }
      const { status } = await talk.http.post('/talk/unsubscribe/hall/', sent, app)
      const link = await opening
      expect(status).toBe(200)
      await link.closed
      expect(link.texts.at(-1)).toBe('{"ERROR": "not a member"}')
    }
    await keeper.say('alone')
    expect(await talk.members('hall')).toEqual(['keeper'])
    const info = await talk.world.rest.ok('get_channel_info', { channel_name: 'hall' })
    expect(info.subscribers).toEqual(['keeper'])
  })

  it('ends a room that is destroyed while messages fly: links are told, what follows is a new room', async () => {
    const talk = await startTalk(start, { wrapStores: slowStores(Date.now()) })
    const links = await Promise.all(
      ['ann', 'bob', 'cid'].map((user, n) =>
        talk.enter('hall', user, { node: n % talk.world.nodes.length }),
      ),
    )
    const talking = links.map(async (link) => {
      for (let n = 0; n < 50 && link.socket.readyState === link.socket.OPEN; n += 1) {
        link.send({ body: n })
        await turn()
      }
    })
    await links[0]?.heard(3)
    await talk.world.rest.ok('destroy_channel', { channel_name: 'hall' })
    await Promise.all(talking)
    for (const link of links) {
      const { code } = await link.closed
      expect([link.texts.at(-1), code]).toEqual(['{"ERROR": "the room has ended"}', 4011])
    }
    expect((await talk.world.rest.ok('get_server_info')).channels).toEqual([])
    const again = await talk.enter('hall', 'ann')
    await again.say('anew')
    expect(await oldBodies(talk)).toEqual(['anew'])
    expect(await talk.members('hall')).toEqual(['ann'])
  })

  it('makes one room of many first visits at once, with all of them in it', async () => {
    const talk = await startTalk(start, { wrapStores: slowStores(Date.now()) })
    const users = Array.from({ length: 20 }, (_, n) => `user${n}`)
    const links = await Promise.all(users.map((user) => talk.open('hall', tokenOf(user))))
    await Promise.all(links.map((link) => link.barrier()))
    await links[0]?.say('hello')
    await Promise.all(links.slice(1).map((link) => link.heard('hello')))
    expect(await talk.members('hall')).toEqual(users.toSorted())
    expect(talk.backend.pushes.all).toEqual([])
  })

  it('makes one room of many who ask for the same set at once', async () => {
    const talk = await startTalk(start, { wrapStores: slowStores(Date.now()) })
    const set = ['ann', 'bob', 'cid']
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, n) => {
        const members = n % 2 === 0 ? set : set.toReversed()
        return talk.http.post('/api/chat', { json: { members } }, as(set[n % 3] ?? ''))
      }),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array(11).fill(200), 201])
    expect(new Set(answers.map(({ body }) => body.chat?.token)).size).toBe(1)
    expect((await talk.world.rest.ok('get_server_info')).channels).toHaveLength(1)
  })

  it('brings every message to every one of hundreds of sockets of one user, and one leave', async () => {
    const talk = await startTalk(start, { wrapStores: slowStores(Date.now()) })
    const links: TalkClient[] = []
    for (let n = 0; n < 10; n += 1) {
      links.push(
        ...(await Promise.all(Array.from({ length: 20 }, () => talk.open('hall', tokenOf('ann'))))),
      )
    }
    await Promise.all(links.map((link) => link.barrier()))
    const bob = await talk.enter('hall', 'bob')
    await bob.say('all of you')
    await Promise.all(links.map((link) => link.heard('all of you')))
    await Promise.all(links.slice(1).map((link) => link.close()))
    await bob.say('the last one')
    await links[0]?.heard('the last one')
    expect(talk.backend.pushes.all).toEqual([])
    await links[0]?.close()
    await expect
      .poll(async () => {
        const info = await talk.world.rest.ok('get_channel_info', { channel_name: 'hall' })
        return info.subscribers
      })
      .toEqual(['bob'])
    await bob.say('none')
    expect(await talk.backend.nextPush()).toMatchObject({ receivers: ['ann'], body: 'none' })
  })

  it('counts each message once however many send at once on both nodes, in one order', async () => {
    const talk = await startTalk(start, { wrapStores: slowStores(Date.now()) })
    await talk.http.post('/talk/new-chat-room/hall/', { json: { users: ['away'] } }, app)
    const links = await Promise.all(
      [0, 1, 2, 3].map((n) =>
        talk.enter('hall', `user${n}`, { node: n % talk.world.nodes.length }),
      ),
    )
    for (let n = 0; n < 25; n += 1)
      for (const [i, link] of links.entries()) link.send({ body: `${i}.${n}` })
    const injected = Promise.all(
      [0, 1, 2, 3, 4].map((n) => talk.http.post('/talk/item/hall/', { json: `i.${n}` }, app)),
    )
    await injected
    for (const link of links) await link.next(() => link.bodies.length === 105)
    const [first] = links
    expect(new Set(first?.bodies).size).toBe(105)
    for (const link of links) expect(link.bodies).toEqual(first?.bodies)
    expect(await talk.unread('hall', 'away')).toBe(105)
    expect(await oldBodies(talk)).toEqual(first?.bodies)
  })
})

describeWorlds('talk: slow readers and the end of the server', reliableKinds, (start) => {
  it('closes who does not read, holds up nobody else, and tells it afterwards', async () => {
    const clock = createManualClock()
    const talk = await startTalk(start, { clock })
    const ann = await talk.enter('hall', 'ann')
    const slow = await talk.enter('hall', 'slow')
    await clock.advance(6000)
    slow.socket.pause()
    const text = 'x'.repeat(60_000)
    // More than the sockets of the system take in, and 1 MiB beyond.
    let sent = 0
    const inRoom = async () => {
      const info = await talk.world.rest.ok('get_channel_info', { channel_name: 'hall' })
      return info.subscribers
    }
    while ((await inRoom())?.includes('slow') && sent < 400) {
      for (let n = 0; n < 20; n += 1) ann.send({ body: `${sent++} ${text}` })
      await ann.next(({ body }) => String(body).startsWith(`${sent - 1} `))
    }
    expect(await inRoom()).toEqual(['ann'])
    expect(ann.bodies).toHaveLength(sent)
    slow.socket.terminate()
    const toSlow = () =>
      talk.backend.pushes.all.filter(({ body }) => body.receivers.includes('slow'))
    while (toSlow().length === 0) await clock.advance(1000)
    await ann.say('afterwards')
    while (!toSlow().some(({ body }) => body.body === 'afterwards')) await clock.advance(1000)
    expect(new Set(toSlow().map(({ body }) => body.id)).size).toBe(toSlow().length)
  }, 30_000)

  it('lets nobody in while it drains, and ends who is entering', async () => {
    const talk = await startTalk(start)
    const ann = await talk.enter('hall', 'ann')
    const bell = Promise.withResolvers<void>()
    talk.backend.answerProfiles(async (token) => {
      if (token === tokenOf('late')) await bell.promise
      return { status: 200, body: JSON.stringify({ id: token.replace('token-of-', '') }) }
    })
    const entering = talk.open('hall', tokenOf('late'), { node: 0 }).then(
      (link) => link.closed.then(({ code }) => code),
      (error: Error) => error.message,
    )
    await expect.poll(() => talk.backend.asked).toContain(tokenOf('late'))
    const closing = talk.world.nodes[0]?.close()
    if (talk.world.nodes.length === 1) expect((await ann.closed).code).toBe(1012)
    bell.resolve()
    await closing
    expect(await entering).toMatch(/503|socket hang up|ECONNRESET/)
    await expect(talk.open('hall', tokenOf('ann'), { node: 0 })).rejects.toThrow(
      /503|ECONNREFUSED|ECONNRESET|hang up/,
    )
  })
})
