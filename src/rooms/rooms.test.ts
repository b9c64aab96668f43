import { beforeEach, describe, expect, it } from 'vitest'
import { atRest } from '../../test/helpers/core-world.ts'
import {
  createRoomWorld,
  profileOf,
  type RoomNode,
  type RoomWorld,
} from '../../test/helpers/room-world.ts'

let world: RoomWorld
let node: RoomNode

beforeEach(async () => {
  world = createRoomWorld()
  node = await world.roomNode()
})

const unread = (user: string, type?: string) =>
  node.rooms.unread('room', { user, ...(type === undefined ? {} : { type }) })

const old = async (user: string) => {
  const { read, unread: unreadOnes } = await node.rooms.old('room', user)
  const bodies = (entries: typeof read) =>
    entries.map(({ content }) => (JSON.parse(content) as { body: unknown }).body)
  return { read: bodies(read), unread: bodies(unreadOnes) }
}

const receivers = async () => (await world.pushes()).map((push) => [push.body, push.receivers])

describe('a room of three, of whom one is away', () => {
  it('tells those who are in, counts for the one who is not, and has it pushed to once', async () => {
    const ann = await node.talk('room', 'ann')
    const bob = await node.talk('room', 'bob')
    const cid = await node.talk('room', 'cid')
    await cid.end()
    await ann.say('one')
    await bob.say('two')
    expect(ann.heard).toEqual(['one', 'two'])
    expect(bob.heard).toEqual(['one', 'two'])
    expect(ann.messages[0]).toMatchObject({
      type: 'message',
      author: 'ann the user',
      profile: { id: 'ann', name: 'ann' },
      token: 'room',
    })
    expect(await unread('ann')).toBe(0)
    expect(await unread('cid')).toBe(2)
    expect(await unread('cid', 'message')).toBe(2)
    expect(await unread('cid', 'other')).toBe(0)
    const pushes = await world.pushes()
    expect(pushes).toMatchObject([
      { chat_token: 'room', receivers: ['cid'], body: 'one', author: { id: 'ann' } },
      { chat_token: 'room', receivers: ['cid'], body: 'two', author: { id: 'bob' } },
    ])
    expect(pushes[1]?.unread).toEqual({ cid: 2 })
    expect(new Set(pushes.map(({ id }) => id)).size).toBe(2)
    expect(await world.pushes()).toEqual([])
    const back = await node.talk('room', 'cid')
    expect(await unread('cid')).toBe(0)
    expect(back.heard).toEqual([])
    expect(await old('cid')).toEqual({ read: [], unread: ['one', 'two'] })
    expect(await old('cid')).toEqual({ read: ['one', 'two'], unread: [] })
  })

  it('lets one be away only when its last link has ended', async () => {
    const ann = await node.talk('room', 'ann')
    const one = await node.talk('room', 'bob')
    const two = await node.talk('room', 'bob')
    await one.end()
    await ann.say('here')
    expect(two.heard).toEqual(['here'])
    expect(await receivers()).toEqual([])
    expect(await unread('bob')).toBe(0)
    await two.end()
    await ann.say('gone')
    expect(await receivers()).toEqual([['gone', ['bob']]])
    expect(await unread('bob')).toBe(1)
    expect(await old('bob')).toEqual({ read: ['here'], unread: ['gone'] })
  })

  it('counts nothing that was said before one came', async () => {
    const ann = await node.talk('room', 'ann')
    await ann.say('before')
    const bob = await node.talk('room', 'bob')
    expect(await old('bob')).toEqual({ read: ['before'], unread: [] })
    await bob.end()
    expect(await unread('bob')).toBe(0)
    expect(await unread('stranger')).toBe(0)
  })
})

describe('what is sent to an open link', () => {
  it('counts as read at a close, as far as it was sent', async () => {
    const ann = await node.talk('room', 'ann')
    const bob = await node.talk('room', 'bob')
    await ann.say('one')
    await bob.end()
    expect(await unread('bob')).toBe(0)
    expect(await receivers()).toEqual([])
  })

  it('counts as read from time to time, in one commit for all links of a room', async () => {
    const ann = await node.talk('room', 'ann')
    for (const user of ['bob', 'cid']) await node.talk('room', user)
    await ann.say('one')
    const before = node.faults.calls.length
    await world.clock.advance(5000)
    await atRest()
    const marks = node.faults.calls.slice(before).filter(({ call }) => call === 'channels.commit')
    expect(marks).toHaveLength(1)
    const { members } = await node.rooms.members('room', { limit: 9 })
    expect(members.map(({ read }) => read)).toEqual([1, 1, 1])
  })

  it('does not count as read where the link gave no sign of life since', async () => {
    const ann = await node.talk('room', 'ann')
    const bob = await node.talk('room', 'bob')
    bob.link.heardAt = world.clock.now()
    await ann.say('one')
    await world.clock.advance(20_000)
    bob.link.heardAt = world.clock.now()
    await world.clock.advance(5000)
    await ann.say('two')
    await world.clock.advance(20_000)
    await bob.end('lost')
    expect(await unread('bob')).toBe(1)
    expect(await receivers()).toEqual([['two', ['bob']]])
  })

  it('counts as read in a busy room, as far as it was sent before the last sign of life', async () => {
    const ann = await node.talk('room', 'ann')
    const bob = await node.talk('room', 'bob')
    bob.link.heardAt = world.clock.now()
    for (let n = 0; n < 8; n += 1) {
      await ann.say(n)
      await world.clock.advance(2500)
      bob.link.heardAt = world.clock.now() - 1
    }
    const { members } = await node.rooms.members('room', { limit: 9 })
    const read = members.find(({ user }) => user === 'bob')?.read ?? 0
    expect(read).toBeGreaterThan(2)
    expect(read).toBeLessThan(8)
  })

  it('is told again to one whose link was lost, from where its reading was written down', async () => {
    const ann = await node.talk('room', 'ann')
    const bob = await node.talk('room', 'bob')
    await ann.say('seen')
    await world.clock.advance(6000)
    await ann.say('lost')
    expect(await receivers()).toEqual([])
    await bob.end('lost')
    expect(await unread('bob')).toBe(1)
    expect(await receivers()).toEqual([['lost', ['bob']]])
    await ann.say('later')
    expect(await receivers()).toEqual([['later', ['bob']]])
    expect(await old('bob')).toEqual({ read: ['seen'], unread: ['lost', 'later'] })
  })

  it('is told of once, however closings and messages cross', async () => {
    const ann = await node.talk('room', 'ann')
    const bob = await node.talk('room', 'bob')
    void bob.end()
    ann.write('{"body":"crossing"}')
    await atRest()
    const told = await receivers()
    expect(told).toEqual([['crossing', ['bob']]])
    expect(bob.heard).toEqual([])
    expect(await unread('bob')).toBe(1)
  })
})

describe('a message to a free name', () => {
  it('makes a room, and its author a member of it', async () => {
    const message = { type: 'message', content: '{"body":1}' }
    await node.rooms.inject('room', { author: profileOf('ann'), ...message })
    await node.rooms.add('room', { users: ['bob'], by: { kind: 'user', user: 'ann' } })
    const { members } = await node.rooms.members('room', { limit: 9 })
    expect(members.map(({ user }) => user).sort()).toEqual(['ann', 'bob'])
    await node.rooms.inject('news', { author: undefined, ...message })
    expect((await node.rooms.members('news', { limit: 9 })).members).toEqual([])
  })
})

describe('a drain', () => {
  it('is no leave, and counts what was said meanwhile as far as each link was told', async () => {
    const ann = await node.talk('room', 'ann')
    const bob = await node.talk('room', 'bob')
    await ann.say('before')
    const stopped = node.running.stop()
    ann.write('{"body":"during"}')
    await atRest()
    await bob.end()
    await node.rooms.inject('room', { author: undefined, type: 'message', content: '{"body":1}' })
    await world.clock.advance(12_000)
    await stopped
    await node.rooms.stop()
    expect(bob.heard).toEqual(['before', 'during'])
    const { members } = await node.rooms.members('room', { limit: 9 })
    expect(members.find(({ user }) => user === 'bob')).toMatchObject({ read: 2, unread: 1 })
    const record = await world.stores.users.snapshot('bob')
    expect(record?.subscriptions).toHaveLength(1)
  })
})

describe('a removed member', () => {
  it('hears nothing more, and stays out until it is added again', async () => {
    const ann = await node.talk('room', 'ann')
    const bob = await node.talk('room', 'bob')
    await node.rooms.remove('room', { users: ['bob'] })
    expect(bob.heard).toEqual(['not a member'])
    expect(bob.link.closed?.code).toBe(4010)
    await bob.end()
    await ann.say('alone')
    expect(await receivers()).toEqual([])
    await expect(node.talk('room', 'bob')).rejects.toMatchObject({ code: 'not_member' })
    await expect(old('bob')).rejects.toMatchObject({ code: 'not_member' })
    await expect(unread('bob')).rejects.toMatchObject({ code: 'not_member' })
    await node.rooms.add('room', { users: ['bob'], by: { kind: 'app' } })
    expect(await unread('bob')).toBe(0)
    await node.talk('room', 'bob')
  })

  it('ends the room if it was the last', async () => {
    const ann = await node.talk('room', 'ann')
    await ann.say('one')
    await node.rooms.remove('room', { users: ['ann', 'stranger'] })
    expect(ann.link.closed).toBeDefined()
    await ann.end()
    expect((await world.stores.channels.list({ limit: 9 })).names).toEqual([])
    expect(world.app.asked).toEqual([])
    expect(world.app.told).toEqual([])
    await node.talk('room', 'ann')
    expect(await old('ann')).toEqual({ read: [], unread: [] })
  })
})

describe('a closed room', () => {
  it('admits its members only', async () => {
    const { room, made } = await node.rooms.find({ caller: 'ann', members: ['bob'] })
    expect(made).toBe(true)
    expect(room).toMatch(/^[0-9a-f]{32}$/)
    await node.talk(room, 'bob')
    for (const act of [
      () => node.talk(room, 'eve'),
      () => node.rooms.old(room, 'eve'),
      () => node.rooms.unread(room, { user: 'eve' }),
      () => node.rooms.inject(room, { author: profileOf('eve'), type: 'x', content: '{}' }),
      () => node.rooms.add(room, { users: ['eve'], by: { kind: 'user', user: 'eve' } }),
    ]) {
      await expect(act()).rejects.toMatchObject({ status: 403, message: 'not a member' })
    }
    expect(await node.rooms.recent(room, { user: 'eve', limit: 5 })).toMatchObject({ messages: [] })
    await node.rooms.inject(room, { author: undefined, type: 'x', content: '{"body":1}' })
    await node.rooms.add(room, { users: ['eve'], by: { kind: 'user', user: 'ann' } })
    await node.talk(room, 'eve')
  })

  it('is the same for the same set of people, whoever asks, also at the same time', async () => {
    const found = await Promise.all([
      node.rooms.find({ caller: 'ann', members: ['bob', 'cid'] }),
      node.rooms.find({ caller: 'cid', members: ['ann', 'bob'] }),
      node.rooms.find({ caller: 'bob', members: ['bob', 'cid', 'ann'] }),
    ])
    expect(new Set(found.map(({ room }) => room)).size).toBe(1)
    expect(found.filter(({ made }) => made)).toHaveLength(1)
    const other = await node.rooms.find({ caller: 'ann', members: ['bob'] })
    expect(other.room).not.toBe(found[0]?.room)
  })
})

describe('a room and Hookbox', () => {
  it('hear each other, and nobody gets round a subscribe hook', async () => {
    const talk = await node.talk('room', 'ann')
    const page = await node.login('ann')
    expect(page.all('SUBSCRIBE')).toEqual([])
    world.app.answers.set('subscribe', () => [false, {}])
    page.send('SUBSCRIBE', { channel_name: 'room' })
    await page.next('ERROR')
    expect(world.app.count('subscribe')).toBe(1)
    await talk.say('secret')
    expect(page.all('PUBLISH')).toEqual([])
    world.app.answers.set('subscribe', () => [true, {}])
    const [, , snapshot] = await page.subscribe('room')
    expect(snapshot['history']).toMatchObject([['PUBLISH', { payload: { body: 'secret' } }]])
    page.publish('room', { body: 'hello' })
    page.publish('room', 'plain')
    await atRest()
    expect(talk.heard).toEqual(['secret', 'hello', 'plain'])
    expect(talk.messages[1]).toMatchObject({ author: 'ann', profile: { name: 'ann' } })
    expect(world.app.count('create_channel')).toBe(0)
  })

  it('keep their links apart when one side ends', async () => {
    const talk = await node.talk('room', 'ann')
    const page = await node.login('ann')
    await page.subscribe('room')
    page.send('UNSUBSCRIBE', { channel_name: 'room' })
    await page.next('UNSUBSCRIBE')
    await talk.say('one')
    expect(talk.heard).toEqual(['one'])
    expect(page.payloads).toEqual([])
    await page.subscribe('room')
    await talk.end()
    expect(world.app.count('unsubscribe')).toBe(1)
    page.publish('room', 'still in')
    await atRest()
    expect(page.payloads).toEqual(['still in'])
    page.end()
    await atRest()
    expect(world.app.count('unsubscribe')).toBe(2)
    expect(world.app.told.map(({ kind }) => kind)).toEqual(['disconnect'])
    expect((await world.stores.channels.list({ limit: 9 })).names).toEqual(['room'])
  })

  it('ask the unsubscribe hook when the last page goes, also where talk stays', async () => {
    const talk = await node.talk('room', 'ann')
    const [one, two] = [await node.login('ann'), await node.login('ann')]
    await one.subscribe('room')
    one.end()
    await atRest()
    expect(world.app.count('unsubscribe')).toBe(0)
    two.end()
    await atRest()
    expect(world.app.count('unsubscribe')).toBe(1)
    expect(JSON.parse(world.app.told[0]?.body ?? '')).toMatchObject({ channels: ['room'] })
    await talk.say('still here')
    expect(talk.heard).toEqual(['still here'])
    await talk.end()
    expect(world.app.count('unsubscribe')).toBe(1)
  })

  it('know nobody of each other by MESSAGE', async () => {
    world.app.answers.set('connect', () => [true, { name: 'bob', moderated_message: false }])
    const talk = await node.talk('room', 'ann')
    const page = await node.login('bob')
    page.send('MESSAGE', { name: 'ann', payload: '1' })
    const [, , error] = await page.next('ERROR')
    expect(error['msg']).toBe('Invalid user name')
    expect(talk.heard).toEqual([])
  })

  it('share no channel that Hookbox made', async () => {
    const page = await node.login('ann')
    await page.subscribe('plain')
    for (const act of [
      () => node.talk('plain', 'eve'),
      () => node.rooms.old('plain', 'eve'),
      () => node.rooms.inject('plain', { author: profileOf('eve'), type: 'x', content: '{}' }),
      () => node.rooms.add('plain', { users: ['eve'], by: { kind: 'user', user: 'eve' } }),
      () => node.rooms.find({ caller: 'eve', members: [], room: 'plain' }),
    ]) {
      await expect(act()).rejects.toMatchObject({ code: 'not_room' })
    }
    await node.rooms.add('plain', { users: ['eve'], by: { kind: 'app' } })
    const eve = await node.talk('plain', 'eve')
    page.publish('plain', 'now a room')
    await atRest()
    expect(eve.heard).toEqual(['now a room'])
  })
})

describe('version 2 in a room', () => {
  const login = async (user: string) => {
    const page = node.open()
    page.send('CONNECT', { version: 2, payload: user })
    await page.next('CONNECTED')
    return page
  }
  const ask = async (page: Awaited<ReturnType<typeof login>>, name: string, args: object) => {
    const id = page.send(name, { ...args })
    await atRest()
    const answers = [...page.all('OK'), ...page.all('ERROR')]
    return answers.find(([, , answer]) => answer['id'] === id)?.[2] ?? {}
  }

  it('reads, and all tabs show the same count', async () => {
    const ann = await node.talk('room', 'ann')
    await node.rooms.add('room', { users: ['bob'], by: { kind: 'app' } })
    for (const body of ['one', 'two', 'three']) await ann.say(body)
    const tab = await login('bob')
    const other = await login('bob')
    await other.subscribe('room')
    expect(await ask(tab, 'ROOMS', {})).toMatchObject({
      rooms: [
        { channel_name: 'room', offset: 3, read_offset: 0, unread: 3, members: 2, closed: false },
      ],
    })
    expect(await ask(tab, 'READ', { channel_name: 'room', offset: 2 })).toMatchObject({
      offset: 2,
      unread: 1,
    })
    for (const page of [tab, other]) {
      expect(page.all('READ').map(([, , args]) => args)).toEqual([
        { channel_name: 'room', offset: 2, unread: 1 },
      ])
    }
    expect(await ask(tab, 'READ', { channel_name: 'room', offset: 1 })).toMatchObject({
      offset: 2,
      unread: 1,
    })
    expect(await ask(tab, 'READ', { channel_name: 'room', offset: 99 })).toMatchObject({
      offset: 3,
      unread: 0,
    })
    expect(await unread('bob')).toBe(0)
  })

  it('is told after a gap where its marker has come to meanwhile', async () => {
    await node.talk('room', 'ann')
    await node.rooms.add('room', { users: ['bob'], by: { kind: 'app' } })
    const tab = await login('bob')
    await tab.subscribe('room')
    await node.rooms.inject('room', { author: undefined, type: 'x', content: '{}' })
    await atRest()
    const epoch = node.core.hub.channels.get('room')?.head.epoch ?? ''
    await world.stores.channels.commit('room', {
      expect: { epoch },
      changes: [{ change: 'marker', user: 'bob', marker: { offset: 1, count: 1 } }],
      now: world.clock.now(),
    })
    await node.core.hub.heal('all')
    await atRest()
    expect(tab.all('READ').map(([, , args]) => args)).toEqual([
      { channel_name: 'room', offset: 1, unread: 0 },
    ])
  })

  it('refuses to read where one is no member, the same whether or not there is a room', async () => {
    await node.talk('room', 'ann')
    const page = await login('eve')
    for (const channel of ['room', 'nothing']) {
      expect(await ask(page, 'READ', { channel_name: channel, offset: 1 })).toMatchObject({
        code: 'not_member',
      })
    }
    expect(await ask(page, 'READ', { channel_name: 'room', offset: -1 })).toMatchObject({
      code: 'invalid_offset',
    })
    expect(await ask(page, 'ROOMS', {})).toMatchObject({ rooms: [] })
  })

  it('counts a publish of its own as read', async () => {
    await node.talk('room', 'ann')
    await node.rooms.add('room', { users: ['bob'], by: { kind: 'app' } })
    const page = await login('bob')
    await page.subscribe('room')
    await ask(page, 'PUBLISH', { channel_name: 'room', payload: 1 })
    expect(await unread('bob')).toBe(0)
    expect(page.all('READ')).toHaveLength(1)
  })

  it('tells the others who is typing, at most once in three seconds', async () => {
    const ann = await node.talk('room', 'ann')
    await node.rooms.add('room', { users: ['bob', 'cid'], by: { kind: 'app' } })
    const [bob, cid, eve] = [await login('bob'), await login('cid'), await login('eve')]
    expect(await ask(bob, 'TYPING', { channel_name: 'room' })).toMatchObject({
      code: 'not_subscribed',
    })
    for (const page of [bob, cid, eve]) await page.subscribe('room')
    expect(await ask(eve, 'TYPING', { channel_name: 'room' })).toMatchObject({ code: 'not_member' })
    for (let i = 0; i < 3; i += 1) await ask(bob, 'TYPING', { channel_name: 'room' })
    await world.clock.advance(3000)
    await ask(bob, 'TYPING', { channel_name: 'room' })
    const typing = cid.all('TYPING').map(([, , args]) => args)
    expect(typing).toEqual(Array(2).fill({ channel_name: 'room', user: 'bob' }))
    expect(bob.all('TYPING')).toEqual([])
    expect(ann.heard).toEqual([])
  })

  it('is told by a push of what came while its place was kept for nobody', async () => {
    const ann = await node.talk('room', 'ann')
    await node.rooms.add('room', { users: ['bob'], by: { kind: 'app' } })
    const page = await login('bob')
    await page.subscribe('room')
    page.end()
    await ann.say('meanwhile')
    expect(await receivers()).toEqual([])
    await world.clock.advance(21_000)
    await ann.say('after')
    expect(await receivers()).toEqual([
      ['meanwhile', ['bob']],
      ['after', ['bob']],
    ])
  })
})
