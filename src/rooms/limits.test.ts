import { expect, it } from 'vitest'
import { atRest } from '../../test/helpers/core-world.ts'
import { createRoomWorld, profileOf } from '../../test/helpers/room-world.ts'

const world = () => createRoomWorld()

it('counts the limit that keeps a link out of its room', async () => {
  const node = await world().roomNode({ maxSubscriptions: 1 })
  await node.talk('one', 'ann')
  const second = await node.talk('two', 'ann')
  expect(second.heard).toEqual(['Too many subscriptions'])
  expect(node.telemetry.limits).toEqual(['max-subscriptions'])
})

it('tells nobody who is typing in an anonymous room', async () => {
  const node = await world().roomNode()
  const users = ['ann', 'bob']
  await node.rooms.create({
    room: 'room',
    members: users,
    closed: false,
    options: { anonymous: true },
  })
  const pages = users.map(() => node.open())
  for (const [index, page] of pages.entries()) {
    page.send('CONNECT', { version: 2, payload: users[index] })
    await page.next('CONNECTED')
    await page.subscribe('room')
  }
  pages[0]?.send('TYPING', { channel_name: 'room' })
  await atRest()
  expect(pages[0]?.all('ERROR')).toEqual([])
  expect(pages[1]?.all('TYPING')).toEqual([])
})

it('admits what anybody injects where the app has opened its closed rooms', async () => {
  const wish = { room: 'room', members: ['ann'], closed: true, options: {} }
  const injection = { author: profileOf('eve'), type: 'x', content: '{"body":"hi"}' }
  const shut = await world().roomNode()
  await shut.rooms.create(wish)
  await expect(shut.rooms.inject('room', injection)).rejects.toMatchObject({ code: 'shut_out' })
  const open = await world().roomNode({ talkOpenMembership: true })
  await open.rooms.create(wish)
  await open.rooms.inject('room', injection)
  expect((await open.rooms.old('room', 'ann')).unread).toHaveLength(1)
})

it('keeps out of an open room whom the app has removed, also of what is injected', async () => {
  const node = await world().roomNode({ talkOpenMembership: true })
  await node.rooms.add('room', { users: ['ann', 'eve'], by: { kind: 'app' } })
  await node.rooms.remove('room', { users: ['eve'] })
  await expect(
    node.rooms.inject('room', { author: profileOf('eve'), type: 'x', content: '{}' }),
  ).rejects.toMatchObject({ code: 'shut_out' })
})

it('closes all rooms with a list of members where the app says so, whichever way they are made', async () => {
  const node = await world().roomNode({ talkClosed: true })
  const made = { closed: false, options: {} }
  await node.rooms.create({ ...made, room: 'listed', members: ['ann'] })
  await node.rooms.create({ ...made, room: 'empty', members: [] })
  await node.rooms.add('added', { users: ['ann'], by: { kind: 'app' } })
  for (const room of ['listed', 'added']) {
    await expect(node.rooms.unread(room, { user: 'eve' })).rejects.toMatchObject({
      code: 'not_member',
    })
  }
  expect(await node.rooms.unread('empty', { user: 'eve' })).toBe(0)
})

it('begins a link anew rather than send it more than a snapshot may hold, profiles counted', async () => {
  const node = await world().roomNode({ maxSnapshotBytes: 65_536 })
  const entrance = await node.rooms.enter({ room: 'room', profile: profileOf('bob'), token: 'bob' })
  const info = JSON.stringify({ avatar: 'x'.repeat(10_000) })
  const author = { user: 'ann', name: 'ann', info }
  for (let i = 0; i < 10; i += 1) {
    await node.rooms.inject('room', { author, type: 'x', content: '{}' })
  }
  const bob = await node.arrive(entrance)
  expect(bob.heard).toEqual([])
  expect(bob.link.closed?.code).toBe(4006)
})

it('ends a page of rooms where their last messages are more than a snapshot may hold', async () => {
  const node = await world().roomNode({ maxSnapshotBytes: 65_536 })
  const content = JSON.stringify({ body: 'x'.repeat(30_000) })
  for (const room of ['a', 'b', 'c', 'd', 'e']) {
    await node.rooms.add(room, { users: ['ann'], by: { kind: 'app' } })
    await node.rooms.inject(room, { author: undefined, type: 'x', content })
  }
  const pages: string[][] = []
  let after: string | undefined
  do {
    const page = await node.rooms.list('ann', { limit: 10, ...(after && { after }) })
    pages.push(page.rooms.map(({ channel }) => channel))
    after = page.next
  } while (after !== undefined)
  expect(pages).toEqual([['a', 'b'], ['c', 'd'], ['e']])
  expect(node.telemetry.limits).toEqual(['max-snapshot-bytes', 'max-snapshot-bytes'])
})

it('lets a link come back whose node was taken for dead, also where another of its user comes first', async () => {
  const { stores, roomNode, clock } = world()
  const node = await roomNode()
  const first = await node.talk('room', 'ann')
  const record = await stores.users.snapshot('ann')
  await stores.users.commit('ann', {
    changes: [
      {
        change: 'disconnect',
        connection: record?.connections[0]?.id ?? '',
        everywhere: false,
      },
    ],
    now: clock.now(),
  })
  await node.talk('room', 'ann')
  expect(first.link.closed?.code).toBe(4006)
})

it('counts messages of a type over as many pages as it takes', async () => {
  const node = await world().roomNode({ maxSnapshotBytes: 65_536 })
  await node.rooms.add('room', { users: ['ann'], by: { kind: 'app' } })
  const content = JSON.stringify({ body: 'x'.repeat(5000) })
  for (let i = 0; i < 100; i += 1) {
    await node.rooms.inject('room', { author: undefined, type: i % 2 ? 'odd' : 'even', content })
  }
  expect(await node.rooms.unread('room', { user: 'ann', type: 'odd' })).toBe(50)
  const reads = node.faults.calls.filter(({ call }) => call === 'channels.history')
  const limits = reads.map(({ args: [, query] }) => (query as { limit: number }).limit)
  expect(limits.every((limit) => limit <= 32)).toBe(true)
})
