import { expect, it } from 'vitest'
import { createBreakable } from '../helpers/breakable-stores.ts'
import { loginTwo } from '../helpers/client-two.ts'
import { createManualClock } from '../helpers/manual-clock.ts'
import { slowStores } from '../helpers/slow-stores.ts'
import { tokenOf } from '../helpers/talk-backend.ts'
import type { Split } from '../helpers/talk-http.ts'
import { app, as, startTalk, type TalkWorld } from '../helpers/talk-world.ts'
import { describeWorlds, oneKind, type WorldKind } from '../helpers/world.ts'

const kinds: readonly WorldKind[] = ['one node, memory', 'two nodes']
const last = (talk: TalkWorld) => talk.world.nodes.length - 1

async function addMembers(talk: TalkWorld, ...users: string[]): Promise<void> {
  const answer = await talk.http.post('/talk/new-chat-room/hall/', { json: { users } }, app)
  expect(answer.status).toBe(200)
}

describeWorlds(
  'talk: a link is in its one room only (spec/hipochat.md, "Between the two")',
  kinds,
  (start) => {
    it('whatever REST and hooks subscribe its user to', async () => {
      const talk = await startTalk(start)
      await talk.world.rest.create('yard', { history_size: 10, moderated: false })
      const ann = await talk.enter('hall', 'ann', { node: 0 })
      const there = await talk.enter('other', 'ann', { node: last(talk) })
      const page = await talk.world.login('ann', { node: last(talk) })
      await talk.world.rest.ok('subscribe', { channel_name: 'yard', name: 'ann' })
      await page.snapshot('yard')
      talk.world.app.answer('publish', [true, { auto_subscribe: ['attic'] }])
      page.publish('hall', { body: 'joins the attic' })
      await page.snapshot('attic')
      await talk.world.rest.publish('yard', { body: 'in the yard' })
      await talk.world.rest.publish('attic', { body: 'in the attic' })
      await page.published('yard')
      await page.published('attic')
      const bob = await talk.world.login('bob')
      bob.send('MESSAGE', { name: 'ann', payload: '{"body": "private"}' })
      await page.next('MESSAGE')
      await ann.say('here')
      await there.say('there')
      expect(ann.bodies).toEqual(['joins the attic', 'here'])
      expect(there.bodies).toEqual(['there'])
    })

    it('hides from no node that its user has just come by a page on another one', async () => {
      const talk = await startTalk(start, { wrapStores: slowStores(Date.now()) })
      await talk.world.rest.create('yard', { moderated: false })
      const link = await talk.enter('hall', 'ann', { node: 0 })
      for (let round = 0; round < 10; round += 1) {
        const page = await talk.world.login('ann', { node: last(talk) })
        for (const _node of talk.world.nodes)
          await talk.world.rest.ok('subscribe', { channel_name: 'yard', name: 'ann' })
        await page.snapshot('yard')
        await page.close()
        const known = () => talk.world.rest.ok('get_user_info', { user_name: 'ann' })
        await expect.poll(async () => (await known()).connections).toHaveLength(1)
      }
      await link.say('still here')
    })

    it('ends with the rest where REST takes its user out, who stays a member and may come back', async () => {
      const talk = await startTalk(start)
      const ann = await talk.enter('hall', 'ann', { node: 0 })
      const page = await talk.world.login('ann', { node: last(talk) })
      await page.subscribe('hall')
      await talk.world.rest.ok('unsubscribe', { channel_name: 'hall', name: 'ann' })
      await page.next('UNSUBSCRIBE')
      expect((await ann.closed).code).toBe(4010)
      expect(await talk.members('hall')).toEqual(['ann'])
      const back = await talk.enter('hall', 'ann')
      await back.say('back')
      expect(await page.unread('PUBLISH')).toEqual([])
    })

    it('is closed with all others of its user when the app sends the user away, who may come back', async () => {
      const talk = await startTalk(start)
      const links = [
        await talk.enter('hall', 'ann', { node: 0 }),
        await talk.enter('hall', 'ann', { node: last(talk) }),
      ]
      await talk.world.rest.ok('disconnect_user', { name: 'ann' })
      for (const link of links) expect((await link.closed).code).toBe(4001)
      expect(await talk.members('hall')).toEqual(['ann'])
      const back = await talk.enter('hall', 'ann')
      await back.say('back')
    })
  },
)

describeWorlds('talk: counts (spec/hipochat.md §7)', kinds, (start) => {
  it('never count what is not kept any more', async () => {
    const talk = await startTalk(start, { args: ['--talk-history-size', '3'] })
    await addMembers(talk, 'ann', 'bob')
    const ann = await talk.enter('hall', 'ann')
    for (let n = 1; n <= 10; n += 1) await ann.say(n)
    expect(await talk.unread('hall', 'bob')).toBe(3)
    const typed = await talk.http.get('/talk/notification/hall/?type=message', as('bob'))
    expect(typed.body.notification).toBe(3)
    const history = await talk.http.get('/talk/history/hall/?limit=10', as('bob'))
    expect(JSON.stringify(history.body.results)).toContain('"unread_count":3')
    const old = await talk.http.get('/talk/old/hall/', as('bob'))
    const { read_messages: read, unread_messages: unread } = old.body.results as Split
    expect([read.length, unread.map(({ body }) => body)]).toEqual([0, [8, 9, 10]])
    await ann.say(11)
    expect(await talk.unread('hall', 'bob')).toBe(1)
  })

  it('say the same by HTTP, by REST and by version 2, on every node', async () => {
    const talk = await startTalk(start)
    await addMembers(talk, 'ann', 'bob')
    const ann = await talk.enter('hall', 'ann')
    for (const n of [1, 2]) await ann.say(n)
    await talk.http.post('/talk/item/hall/', { json: 3 }, app)
    for (const node of talk.world.nodes) {
      expect(await talk.unread('hall', 'bob')).toBe(3)
      const one = await talk.world.rest.ok('room_unread', { user: 'bob', channel_name: 'hall' })
      expect(one).toMatchObject({ unread: 3, read_offset: 0 })
      const all = await talk.world.rest.ok('room_unread', { user: 'bob' })
      expect(all.rooms).toMatchObject([{ channel_name: 'hall', unread: 3, members: 2 }])
      const page = await loginTwo(node.url, 'bob')
      const rooms = await page.request('ROOMS')
      expect(rooms.args['rooms']).toMatchObject([{ channel_name: 'hall', unread: 3 }])
    }
    const members = await talk.world.rest.ok('room_members', { channel_name: 'hall' })
    expect(members.members).toMatchObject([
      { user: 'ann' },
      { user: 'bob', unread: 3, read_offset: 0 },
    ])
  })

  it('begin at 0 for whoever joins, and again for who was removed and came back', async () => {
    const talk = await startTalk(start)
    const ann = await talk.enter('hall', 'ann')
    await ann.say('before')
    await addMembers(talk, 'bob')
    expect(await talk.unread('hall', 'bob')).toBe(0)
    await ann.say('one')
    expect(await talk.unread('hall', 'bob')).toBe(1)
    await talk.http.post('/talk/unsubscribe/hall/', { json: { users: ['bob'] } }, app)
    await ann.say('two')
    await addMembers(talk, 'bob')
    expect(await talk.unread('hall', 'bob')).toBe(0)
    await ann.say('three')
    expect(await talk.unread('hall', 'bob')).toBe(1)
    // Adding a member again changes nothing.
    await addMembers(talk, 'bob')
    expect(await talk.unread('hall', 'bob')).toBe(1)
  })

  it('are written down every 5 s while links are open', async () => {
    const clock = createManualClock()
    const talk = await startTalk(start, { clock })
    const [ann, bob] = [await talk.enter('hall', 'ann'), await talk.enter('hall', 'bob')]
    await ann.say('seen')
    await bob.heard('seen')
    await expect
      .poll(async () => {
        // A browser is asked for a sign of life first: its answer comes by the real clock.
        await clock.advance(1000)
        const { members } = await talk.world.rest.ok('room_members', { channel_name: 'hall' })
        return members?.map(({ user, read_offset }) => [user, read_offset])
      })
      .toEqual([
        ['ann', 1],
        ['bob', 1],
      ])
  })
})

describeWorlds('talk: a store that is down (G9)', kinds, (start) => {
  it('is said to whoever sends, enters or asks; nothing is half done, and all goes on afterwards', async () => {
    const store = createBreakable()
    const clock = createManualClock()
    const talk = await startTalk(start, { wrapStores: store.wrap, clock })
    await addMembers(talk, 'ann', 'bob', 'away')
    const [ann, bob] = [await talk.enter('hall', 'ann'), await talk.enter('hall', 'bob')]
    store.down = true
    ann.send({ body: 'lost' })
    expect(await ann.error()).toBe('Temporarily unavailable')
    const link = await talk.open('hall', tokenOf('cid'))
    expect(await link.error()).toBe('Temporarily unavailable')
    await link.closed
    for (const path of ['/talk/old/hall/', '/talk/notification/hall/', '/talk/history/hall/']) {
      const answer = await talk.http.get(path, as('bob'))
      expect([path, answer.status, answer.body]).toEqual([
        path,
        503,
        { error: 'Temporarily unavailable' },
      ])
    }
    const item = await talk.http.post('/talk/item/hall/', { json: 'lost too' }, app)
    expect(item.status).toBe(503)
    store.down = false
    await ann.say('kept')
    await bob.heard('kept')
    expect(bob.bodies).toEqual(['kept'])
    while (talk.backend.pushes.all.length === 0) await clock.advance(1000)
    expect(talk.backend.told).toEqual(['away "kept"'])
    expect(await talk.members('hall')).toEqual(['ann', 'away', 'bob'])
    expect(await talk.unread('hall', 'away')).toBe(1)
  })
})

describeWorlds('talk: rooms as channels', oneKind, (start) => {
  it('keep publishes only, whatever is asked of them', async () => {
    const talk = await startTalk(start)
    await talk.enter('hall', 'ann')
    const refusal = await talk.world.rest.call('set_channel_options', {
      channel_name: 'hall',
      history_publish_only: false,
    })
    const bob = await talk.world.login('bob')
    await bob.subscribe('hall')
    await bob.close()
    const info = await talk.world.rest.ok('get_channel_info', { channel_name: 'hall' })
    expect([refusal.ok, info.options]).toMatchObject([false, { history_publish_only: true }])
    expect(info.options?.history).toEqual([])
  })

  it('are moderated unless made otherwise, and shown with their history to Hookbox', async () => {
    const talk = await startTalk(start)
    await talk.world.rest.ok('room_create', {
      channel_name: 'free',
      members: ['ann'],
      moderated: false,
    })
    const ann = await talk.enter('free', 'ann')
    await ann.say('old')
    const bob = await talk.world.login('bob')
    const { history } = await bob.subscribe('free')
    expect(history).toMatchObject([['PUBLISH', { user: 'ann', payload: { body: 'old' } }]])
    bob.publish('free', { body: 'no hook' })
    await ann.heard('no hook')
    expect(talk.world.app.count('publish') + talk.world.app.count('subscribe')).toBe(0)
  })

  it('drop the pushes of one that ended before they were sent', async () => {
    const clock = createManualClock()
    const talk = await startTalk(start, { clock, args: ['--talk-push-delay', '10'] })
    await addMembers(talk, 'ann', 'bob')
    const ann = await talk.enter('hall', 'ann')
    await ann.say('forgotten')
    await talk.world.rest.ok('destroy_channel', { channel_name: 'hall' })
    await addMembers(talk, 'ann', 'bob')
    for (let n = 0; n < 5; n += 1) await clock.advance(10_000)
    await expect.poll(() => talk.world.rest.ok('notices')).toMatchObject({ waiting: 0, dead: 0 })
    expect(talk.backend.pushes.all).toEqual([])
  })
})
