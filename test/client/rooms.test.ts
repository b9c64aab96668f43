import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Offhook, OffhookError } from '../../src/client/index.ts'
import {
  type RoomSummary,
  type Rooms,
  roomsOf,
  type UnreadChange,
} from '../../src/client/rooms/index.ts'
import { FakeServer } from './fake-server.ts'

type Args = Record<string, unknown>

let server: FakeServer
let client: Offhook
let rooms: Rooms

beforeEach(async () => {
  vi.useFakeTimers()
  server = new FakeServer()
  vi.spyOn(Math, 'random').mockReturnValue(0.5)
  vi.stubGlobal('WebSocket', server.WebSocket)
  client = server.connect()
  rooms = roomsOf(client)
  await pass()
  server.accept()
})

afterEach(() => {
  client.close()
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
  vi.useRealTimers()
})

async function pass(ms = 0): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms)
}

function loseLink(): void {
  server.links.at(-1)?.onclose?.({ wasClean: false })
}

/** Back on a new link, up to where the server lets the user in. */
async function comeBack(args: Args = {}): Promise<void> {
  await pass(250)
  server.accept(args)
  await pass()
}

/** One element of ROOMS. */
function room(name: string, args: Args = {}): Args {
  const counts = { offset: 0, read_offset: 0, unread: 0, members: 2, closed: false }
  return { channel_name: name, epoch: 'e', ...counts, ...args }
}

async function answerRooms(list: readonly Args[], args: Args = {}): Promise<void> {
  server.answer('ROOMS', { rooms: list, ...args })
  await pass()
}

/** What `list()` gives when the server answers it so. */
async function listed(...list: readonly Args[]): Promise<readonly RoomSummary[]> {
  const asked = rooms.list()
  await answerRooms(list)
  return asked
}

/** The tea room, subscribed at `offset`, with its count told. */
async function inTea(args: Args = {}) {
  const { offset = 0 } = args
  const tea = rooms.room('tea')
  const done = client.channel('tea').subscribe()
  server.snapshot('tea', { offset })
  await done
  await pass()
  await answerRooms([room('tea', args)])
  return tea
}

function publish(offset: number, user: string | null = 'bob', args: Args = {}): void {
  server.say('PUBLISH', {
    channel_name: 'tea',
    payload: offset,
    user,
    datetime: 'd',
    offset,
    ...args,
  })
}

function say(name: 'READ' | 'TYPING', args: Args): void {
  server.say(name, { channel_name: 'tea', ...args })
}

/** Items of a history. */
function published(...offsets: number[]) {
  return offsets.map((offset) => ['PUBLISH', { payload: offset, user: 'bob', offset }])
}

function changesOf(source: { on: Rooms['on'] }): unknown[] {
  const changes: unknown[] = []
  source.on('unread', ({ room: name, unread, readOffset }: UnreadChange) => {
    changes.push([name, unread, readOffset])
  })
  return changes
}

async function failure(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error instanceof OffhookError ? error.code : error
  }
  return 'no error'
}

test('list gives all rooms of the user, page by page', async () => {
  const asked = rooms.list()
  const last = ['PUBLISH', { payload: 'hi', user: 'bob', datetime: 'd', offset: 7 }]
  const tea = room('tea', { offset: 7, read_offset: 4, unread: 3, members: 5, closed: true, last })
  await answerRooms([tea], { next: 'tea' })
  await answerRooms([room('__proto__')])
  expect(server.sent('ROOMS')).toEqual([{}, { after: 'tea' }])
  expect(await asked).toEqual([
    {
      name: 'tea',
      unread: 3,
      readOffset: 4,
      position: { epoch: 'e', offset: 7 },
      members: 5,
      closed: true,
      last: {
        type: 'publish',
        channel: 'tea',
        payload: 'hi',
        user: 'bob',
        datetime: 'd',
        offset: 7,
      },
    },
    {
      name: '__proto__',
      unread: 0,
      readOffset: 0,
      position: { epoch: 'e', offset: 0 },
      members: 2,
      closed: false,
      last: undefined,
    },
  ])
  expect(rooms.current).toBe(rooms.current)
  expect([rooms.isLoaded, roomsOf(client) === rooms]).toEqual([true, true])
})

test('a client that nobody asks about rooms asks nothing', async () => {
  server.snapshot('tea')
  loseLink()
  await comeBack()
  server.snapshot('tea')
  expect(server.sent('ROOMS')).toEqual([])
})

test('each publish of somebody else counts once, one’s own do not, READ says what is left', async () => {
  const tea = await inTea({ offset: 3, read_offset: 1, unread: 2 })
  const changes = changesOf(rooms)
  publish(4)
  publish(4)
  publish(5, null)
  publish(6, 'ann')
  say('READ', { offset: 6, unread: 0 })
  publish(7)
  say('READ', { offset: 5, unread: 9 })
  expect(changes).toEqual([
    ['tea', 3, 1],
    ['tea', 4, 1],
    ['tea', 0, 6],
    ['tea', 1, 6],
  ])
  expect([tea.unread, tea.readOffset, rooms.current[0]?.unread]).toEqual([1, 6, 1])
  expect(rooms.current[0]).toMatchObject({ position: { offset: 7 }, last: { payload: 7 } })
})

test('a publish without an offset, and more than the room keeps, is not unread', async () => {
  const tea = await inTea()
  publish(1, 'bob', { offset: undefined })
  expect(tea.unread).toBe(0)
  for (let offset = 1; offset <= 12; offset += 1) publish(offset)
  expect(tea.unread).toBe(10)
})

test('ROOMS may be ahead of the frames, or behind them', async () => {
  const tea = await inTea()
  const first = rooms.list()
  publish(1)
  publish(2)
  publish(3, 'ann')
  await answerRooms([room('tea', { offset: 1, unread: 1 })])
  await first
  expect(tea.unread).toBe(2)
  expect(rooms.current[0]).toMatchObject({ position: { offset: 3 }, last: { payload: 3 } })
  await listed(room('tea', { offset: 5, unread: 2, read_offset: 3 }))
  publish(4)
  publish(5)
  say('READ', { offset: 3, unread: 0 })
  expect([tea.unread, tea.readOffset]).toEqual([2, 3])
  publish(6)
  expect(tea.unread).toBe(3)
})

test('a ROOMS that was read before the marker moved changes nothing', async () => {
  const tea = await inTea({ offset: 3, unread: 3 })
  const asked = rooms.list()
  say('READ', { offset: 3, unread: 0 })
  publish(4)
  await answerRooms([room('tea', { offset: 3, unread: 3 })])
  await asked
  expect([tea.unread, tea.readOffset]).toEqual([1, 3])
})

test('what another tab reads counts here, in rooms too in which this page is not', async () => {
  await listed(room('tea', { offset: 9, unread: 9 }), room('news', { offset: 2, unread: 2 }))
  const changes = changesOf(rooms)
  say('READ', { offset: 9, unread: 0 })
  expect(changes).toEqual([['tea', 0, 9]])
})

test('a channel that is no room of the user changes nothing', async () => {
  const tea = await inTea()
  await listed()
  const changed = vi.fn()
  tea.on('change', changed)
  await pass()
  await answerRooms([])
  publish(1)
  expect(changed).not.toHaveBeenCalled()
})

test('a READ of a room that is not known asks for it', async () => {
  await listed()
  const changes = changesOf(rooms)
  say('READ', { offset: 1, unread: 0 })
  await pass()
  await answerRooms([room('tea', { offset: 2, read_offset: 1, unread: 1 })])
  expect(changes).toEqual([['tea', 1, 1]])
})

test('what was missed counts when it is recovered, and ROOMS is asked once on each link', async () => {
  const tea = await inTea({ offset: 3, unread: 3 })
  loseLink()
  await pass(250)
  server.links.at(-1)?.onopen?.()
  server.say('CONNECTED', { name: 'ann', payload: null, version: 2, connection_id: 'c' })
  server.snapshot('tea', { recovered: true, offset: 5, history: published(4, 5) })
  expect(tea.unread).toBe(5)
  server.answer('CONNECT')
  await pass()
  expect(server.sent('ROOMS')).toHaveLength(2)
  publish(6)
  await answerRooms([room('tea', { offset: 5, unread: 1, read_offset: 4 })])
  expect([tea.unread, tea.readOffset]).toEqual([2, 4])
  await pass(1000)
  expect(server.sent('ROOMS')).toHaveLength(2)
})

test.each([
  { what: 'not recovered', epoch: 'e' },
  { what: 'made anew', epoch: 'f' },
])('a room that is $what is asked for again', async ({ epoch }) => {
  const tea = await inTea({ offset: 30, read_offset: 20, unread: 10 })
  const head = { epoch, recovered: false }
  server.snapshot('tea', { ...head, offset: 40, history: published(39, 40) })
  publish(41)
  await pass()
  publish(42)
  await answerRooms([room('tea', { epoch, offset: 41, read_offset: 35, unread: 6 })])
  expect([tea.unread, tea.readOffset]).toEqual([7, 35])
  expect(rooms.current[0]?.position).toEqual({ epoch, offset: 42 })
})

test('a marker counts anew in a room that was made anew', async () => {
  const tea = await inTea({ offset: 30, read_offset: 30 })
  server.snapshot('tea', { epoch: 'f', offset: 0 })
  publish(1)
  await pass()
  await answerRooms([room('tea', { epoch: 'f', offset: 1, unread: 1 })])
  say('READ', { offset: 1, unread: 0 })
  publish(2)
  expect([tea.unread, tea.readOffset]).toEqual([1, 1])
})

test('an answer that tells of an earlier life of the room is not believed', async () => {
  const tea = await inTea({ offset: 30, read_offset: 30 })
  const asked = rooms.list()
  server.snapshot('tea', { epoch: 'f', offset: 0 })
  publish(1)
  await answerRooms([room('tea', { offset: 31, read_offset: 30, unread: 1 })])
  await asked
  publish(2)
  publish(3)
  await answerRooms([room('tea', { epoch: 'f', offset: 2, unread: 2 })])
  expect(tea.unread).toBe(3)
})

test('a room of which the user is no member any more counts nothing', async () => {
  const tea = await inTea({ offset: 3, unread: 3 })
  const changes = changesOf(rooms)
  expect(await listed()).toEqual([])
  expect([tea.isMember, tea.unread, changes]).toEqual([false, 0, [['tea', 0, 0]]])
  publish(4)
  expect(tea.unread).toBe(0)
})

test('whoever is taken out of the channel may have been taken out of the room', async () => {
  const tea = await inTea({ offset: 3, unread: 3 })
  server.say('UNSUBSCRIBE', { channel_name: 'tea', user: 'bob', datetime: 'd' })
  server.say('UNSUBSCRIBE', { channel_name: 'tea', user: 'ann', datetime: 'd' })
  await pass()
  await answerRooms([])
  expect([server.sent('ROOMS').length, tea.isMember]).toEqual([2, false])
})

test('read moves the marker to the newest entry seen, and waits for the answer', async () => {
  const tea = await inTea({ offset: 3, unread: 3 })
  publish(4)
  const read = tea.read()
  expect(server.sent('READ')).toEqual([{ channel_name: 'tea', offset: 4 }])
  say('READ', { offset: 4, unread: 0 })
  server.answer('READ', { offset: 4, unread: 0 })
  await read
  expect(tea.unread).toBe(0)
  await tea.read()
  await tea.read(2)
  expect(server.sent('READ')).toHaveLength(1)
})

test('a room that is only listed is read up to its head', async () => {
  await listed(room('tea', { offset: 8, unread: 2 }))
  const read = rooms.room('tea').read()
  expect(server.sent('READ')).toEqual([{ channel_name: 'tea', offset: 8 }])
  server.answer('READ', { offset: 8, unread: 0 })
  await read
})

test('one READ is under way at a time, and the highest offset follows', async () => {
  const tea = await inTea({ offset: 9, unread: 9 })
  const reads = [tea.read(3), tea.read(4), tea.read(7), tea.read(5)]
  server.answer('READ', { offset: 3, unread: 6 })
  await pass()
  server.answer('READ', { offset: 7, unread: 2 })
  await Promise.all(reads)
  expect(server.sent('READ').map(({ offset }) => offset)).toEqual([3, 7])
})

test('read while offline sends the highest offset once, after what other tabs have read', async () => {
  const tea = await inTea({ offset: 9, unread: 9 })
  loseLink()
  const reads = [tea.read(4), tea.read(8), tea.read(6)]
  await comeBack()
  expect(server.sent('READ')).toEqual([])
  await answerRooms([room('tea', { offset: 9, read_offset: 5, unread: 4 })])
  expect(server.sent('READ')).toEqual([{ channel_name: 'tea', offset: 8 }])
  server.answer('READ', { offset: 8, unread: 1 })
  await Promise.all(reads)
})

test.each([
  { what: 'another tab has read it', told: { read_offset: 9 } },
  { what: 'the room was made anew', told: { epoch: 'f' } },
])('what was read offline is not sent where $what', async ({ told }) => {
  const tea = await inTea({ offset: 9, unread: 9 })
  loseLink()
  const read = tea.read()
  await comeBack()
  await answerRooms([room('tea', { offset: 9, ...told })])
  await read
  expect(server.sent('READ')).toEqual([])
})

test.each(['read', 'list, then read'])(
  'what one user has read is not marked for another, whose rooms are asked for (%s)',
  async (what) => {
    const tea = await inTea({ offset: 9, unread: 9 })
    loseLink()
    const listing = what === 'read' ? undefined : failure(rooms.list())
    const read = failure(tea.read())
    await comeBack({ name: 'zoe' })
    expect([tea.isMember, tea.unread]).toEqual([false, 0])
    await answerRooms([room('tea', { offset: 9, unread: 1 })])
    expect([await read, tea.unread]).toEqual(['user_changed', 1])
    expect([await listing, server.sent('READ')]).toEqual([listing && 'user_changed', []])
  },
)

test('read rejects where the server refuses or the client is closed, and may be ignored', async () => {
  const tea = rooms.room('tea')
  const refused = tea.read(5)
  server.refuse('READ', { code: 'not_member', msg: 'not a member', retry: false })
  expect(await failure(refused)).toBe('not_member')
  // biome-ignore lint/nursery/noFloatingPromises: as pages do that look at the count only
  tea.read(5)
  client.close()
  expect(await failure(tea.read(6))).toBe('closed')
})

test('an answer that is ahead of what is known asks ROOMS', async () => {
  const tea = await inTea({ offset: 9, unread: 9 })
  const read = tea.read(3)
  server.answer('READ', { offset: 7, unread: 2 })
  await read
  await pass()
  await answerRooms([room('tea', { offset: 9, read_offset: 7, unread: 2 })])
  expect([tea.unread, tea.readOffset]).toEqual([2, 7])
})

test('whoever types is told of until 12 s after the last frame, or until the message comes', async () => {
  const tea = await inTea()
  const told: unknown[] = []
  tea.on('typing', (users) => told.push(users))
  say('TYPING', { user: 'bob' })
  await pass(6000)
  say('TYPING', { user: 'bob' })
  say('TYPING', { user: 'eve' })
  await pass(11_999)
  expect(tea.typingUsers).toEqual(['bob', 'eve'])
  publish(1, 'eve')
  await pass(1)
  expect(told).toEqual([['bob'], ['bob', 'eve'], ['bob'], []])
})

test('typing goes out at most every 3 s, and is dropped where there is nobody to tell', async () => {
  const tea = rooms.room('tea')
  tea.typing()
  await inTea()
  tea.typing()
  await pass(2999)
  tea.typing()
  await pass(1)
  tea.typing()
  expect(server.sent('TYPING')).toEqual([{ channel_name: 'tea' }, { channel_name: 'tea' }])
  loseLink()
  await pass(100)
  tea.typing()
  await comeBack()
  expect(server.sent('TYPING')).toHaveLength(2)
})

test('close forgets who is typing, and leaves no timer', async () => {
  const tea = await inTea()
  say('TYPING', { user: 'bob' })
  client.close()
  expect([tea.typingUsers, vi.getTimerCount()]).toEqual([[], 0])
  expect(await failure(rooms.list())).toBe('closed')
})

test('calls made while ROOMS is under way share the next one', async () => {
  const first = rooms.list()
  const [second, third] = [rooms.list(), rooms.list()]
  await answerRooms([])
  expect(await first).toEqual([])
  await answerRooms([room('tea')])
  expect([(await second).length, (await third).length]).toEqual([1, 1])
  expect(server.sent('ROOMS')).toHaveLength(2)
})

test('list asked before there is a link is answered by the first one', async () => {
  client.close()
  client = server.connect()
  rooms = roomsOf(client)
  const asked = rooms.list()
  await comeBack()
  await answerRooms([room('tea')])
  expect((await asked).map(({ name }) => name)).toEqual(['tea'])
  expect(server.sent('ROOMS')).toHaveLength(1)
})

test('a list that was cut between two pages is asked for anew', async () => {
  const asked = rooms.list()
  await answerRooms([room('tea', { unread: 1, offset: 1 })], { next: 'tea' })
  loseLink()
  await comeBack()
  await answerRooms([room('news')])
  expect((await asked).map(({ name }) => name)).toEqual(['tea', 'news'])
  await answerRooms([room('tea'), room('news')])
  expect(rooms.room('tea').unread).toBe(0)
})

test('a server without rooms says so', async () => {
  const asked = rooms.list()
  server.refuse('ROOMS', { code: 'unknown_frame', msg: 'Unknown frame', retry: false })
  expect([await failure(asked), rooms.isLoaded]).toEqual(['unknown_frame', false])
})

test('a swarm of snapshots asks once', async () => {
  for (const name of ['a', 'b', 'c']) rooms.room(name)
  for (const name of ['a', 'b', 'c']) server.snapshot(name)
  await pass()
  expect(server.sent('ROOMS')).toHaveLength(1)
})
