import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import {
  type ConnectOptions,
  type Entry,
  type Offhook,
  OffhookError,
} from '../../src/client/index.ts'
import { FakeServer } from './fake-server.ts'

let server: FakeServer
let client: Offhook | undefined
let random = 1

beforeEach(() => {
  vi.useFakeTimers()
  server = new FakeServer()
  random = 0.5
  vi.spyOn(Math, 'random').mockImplementation(() => random)
  vi.stubGlobal('WebSocket', server.WebSocket)
})

afterEach(() => {
  client?.close()
  client = undefined
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
  vi.useRealTimers()
})

async function pass(ms = 0): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms)
}

function start(options?: ConnectOptions): Offhook {
  client = server.connect(options)
  return client
}

async function connected(options?: ConnectOptions): Promise<Offhook> {
  const made = start(options)
  await pass()
  server.accept()
  return made
}

function loseLink(): void {
  server.links.at(-1)?.onclose?.({ wasClean: false })
}

async function subscribed(offhook: Offhook, args = {}) {
  const channel = offhook.channel('room')
  const done = channel.subscribe()
  server.snapshot('room', args)
  await done
  return channel
}

function entry(offset: number, payload: unknown = offset) {
  return { channel_name: 'room', payload, user: 'bob', datetime: 'd', offset }
}

/** The error that a promise rejects with. */
async function failure(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error instanceof OffhookError ? [error.code, error.retry] : error
  }
  return 'no error'
}

test('states go from connecting to connected, to offline with the time of the next try, and back', async () => {
  const offhook = start()
  const states: unknown[] = []
  offhook.on('state', ({ state, error, retryInMs }) => states.push([state, error?.code, retryInMs]))
  expect(offhook.state).toBe('connecting')
  await pass()
  server.accept()
  loseLink()
  await pass(249)
  expect(server.links).toHaveLength(1)
  await pass(1)
  server.accept()
  expect(states).toEqual([
    ['connected', undefined, undefined],
    ['offline', 'link_lost', 250],
    ['connecting', undefined, undefined],
    ['connected', undefined, undefined],
  ])
})

test('waits grow up to their bound, with full jitter, and begin anew after a good link', async () => {
  const offhook = start({ minReconnectMs: 100, maxReconnectMs: 1000 })
  const waits: unknown[] = []
  offhook.on('state', ({ retryInMs }) => retryInMs !== undefined && waits.push(retryInMs))
  random = 0.99
  for (let i = 0; i < 6; i += 1) {
    await pass(1000)
    loseLink()
  }
  expect(waits).toEqual([99, 198, 396, 792, 990, 990])
  await pass(1000)
  server.accept()
  await pass(6000)
  loseLink()
  expect(waits.at(-1)).toBe(99)
  random = 0
  await pass(99)
  loseLink()
  expect(waits.at(-1)).toBe(0)
})

test('CONNECT carries payload, cookies, token and positions; auth is asked before every try', async () => {
  const tokens = ['one', 'two']
  const auth = vi.fn(async () => ({ token: tokens.shift() ?? '', payload: { n: tokens.length } }))
  const offhook = await connected({ auth, payload: 'unused', cookieString: 'a=b' })
  await subscribed(offhook, { offset: 7 })
  loseLink()
  await pass(250)
  server.accept()
  expect(server.sent('CONNECT')).toEqual([
    { version: 2, cookie_string: 'a=b', payload: { n: 1 }, token: 'one' },
    {
      version: 2,
      cookie_string: 'a=b',
      payload: { n: 0 },
      token: 'two',
      since: { room: { epoch: 'e', offset: 7 } },
    },
  ])
  expect(JSON.stringify(offhook)).not.toMatch(/one|two/)
})

test('an auth function that fails is asked again; one that rejects for good refuses', async () => {
  const auth = vi
    .fn()
    .mockRejectedValueOnce(new Error('the app is down'))
    .mockRejectedValueOnce(new OffhookError('unauthorized', 'log in'))
  const offhook = start({ auth })
  await pass()
  expect([offhook.state, offhook.status.error?.code]).toEqual(['offline', 'auth_failed'])
  expect(offhook.status.error?.cause).toEqual(new Error('the app is down'))
  await pass(250)
  expect([offhook.state, offhook.status.error?.message]).toEqual(['refused', 'log in'])
  expect(server.links).toHaveLength(0)
})

test('a refused CONNECT is final until connect()', async () => {
  const offhook = start()
  await pass()
  server.links[0]?.onopen?.()
  server.refuse('CONNECT', { code: 'unauthorized', msg: 'who are you', retry: false })
  expect(offhook.status).toMatchObject({ state: 'refused', error: { code: 'unauthorized' } })
  expect(await failure(offhook.channel('room').publish(1))).toEqual(['unauthorized', false])
  await pass(100_000)
  expect(server.links).toHaveLength(1)
  offhook.connect()
  await pass()
  server.accept()
  expect(offhook.state).toBe('connected')
})

test('a refusal that may pass backs off', async () => {
  const offhook = start()
  await pass()
  server.links[0]?.onopen?.()
  server.refuse('CONNECT', { code: 'app_failed', msg: 'Temporarily unavailable', retry: true })
  expect(offhook.status).toMatchObject({ state: 'offline', retryInMs: 250 })
})

test.each([
  [{ code: 'draining', reason: 'restarts', reconnect: true, after_ms: 1700 }, 'offline', 1700],
  [{ code: 'kicked', reason: 'bye', reconnect: false, after_ms: 0 }, 'refused', undefined],
])('the goodbye %j is obeyed', async (goodbye, state, retryInMs) => {
  const offhook = await connected()
  server.say('DISCONNECT', goodbye)
  server.links[0]?.onclose?.({ wasClean: true })
  expect([offhook.state, offhook.status.retryInMs, offhook.status.error?.code]).toEqual([
    state,
    retryInMs,
    goodbye.code,
  ])
})

test('after silence the server is asked for a sign of life, and left if it gives none', async () => {
  const offhook = await connected({ idleTimeoutMs: 1000, pingTimeoutMs: 300 })
  await pass(1000)
  expect(server.sent('PING')).toHaveLength(1)
  server.answer('PING')
  await pass(999)
  server.say('MESSAGE', {})
  await pass(999)
  expect(server.sent('PING')).toHaveLength(1)
  await pass(1)
  expect(server.sent('PING')).toHaveLength(2)
  await pass(300)
  expect(offhook.status).toMatchObject({ state: 'offline', error: { code: 'no_answer' } })
  expect(server.links[0]?.closedWith).toBe(1000)
})

test('a server that opens links but never answers CONNECT is given up', async () => {
  const offhook = start({ connectTimeoutMs: 500 })
  await pass()
  server.links[0]?.onopen?.()
  await pass(500)
  expect(offhook.status.error?.code).toBe('no_answer')
})

test('entries below the position are dropped, gaps mean nothing', async () => {
  const room = await subscribed(await connected(), { offset: 3 })
  const heard: unknown[] = []
  room.on('entry', ({ payload }) => heard.push(payload))
  for (const offset of [3, 4, 4, 9, 5, 10]) server.say('PUBLISH', entry(offset))
  expect(heard).toEqual([4, 9, 10])
  expect(room.position).toEqual({ epoch: 'e', offset: 10 })
})

test('a recovered snapshot tells what was missed once; another one is a reset', async () => {
  const offhook = await connected()
  const room = await subscribed(offhook, { offset: 3, presence: ['ann'], state: { a: 1 } })
  const told: unknown[] = []
  room.on('entry', ({ payload }) => told.push(payload))
  room.on('reset', ({ entries }) => told.push(entries.map(({ payload }) => payload)))
  room.on('state', ({ updates, deletes }) => told.push([...updates, ...deletes]))
  room.on('users', (users) => told.push(users))
  room.on('join', ({ user }) => told.push(`${user} came`))
  loseLink()
  await pass(250)
  server.accept()
  const publish = (offset: number) => ['PUBLISH', { payload: offset, offset }]
  const join = ['SUBSCRIBE', { user: 'bob', offset: 5 }]
  const both = { presence: ['ann', 'bob'], state: { b: 2 } }
  server.snapshot('room', {
    recovered: true,
    offset: 5,
    history: [publish(3), publish(4), join],
    ...both,
  })
  expect(told).toEqual([4, 'bob came', [['b', 2], 'a'], ['ann', 'bob']])
  told.length = 0
  loseLink()
  await pass(1000)
  server.accept()
  server.snapshot('room', {
    recovered: false,
    offset: 99,
    history: [publish(98), publish(99)],
    ...both,
  })
  expect(told).toEqual([[98, 99]])
  expect(room.entries.map(({ payload }) => payload)).toEqual([98, 99])
})

test('channels that the server does not bring back are subscribed again with their positions', async () => {
  const offhook = await connected()
  const room = await subscribed(offhook, { offset: 3 })
  loseLink()
  expect(room.status).toBe('subscribing')
  await pass(250)
  server.accept()
  expect(server.sent('SUBSCRIBE')[1]).toEqual({
    channel_name: 'room',
    since: { epoch: 'e', offset: 3 },
  })
})

test('publishes keep their id until they are answered, and their order', async () => {
  const offhook = start()
  const room = offhook.channel('room')
  const payload = { text: 'a' }
  const first = room.publish(payload)
  payload.text = 'changed later'
  const second = room.publish('b', { id: 'mine' })
  await pass()
  server.accept()
  const [sent] = server.sent('PUBLISH')
  expect(sent).toEqual({ channel_name: 'room', payload: { text: 'a' }, id: expect.any(String) })
  loseLink()
  await pass(250)
  server.accept()
  expect(server.sent('PUBLISH').slice(2)).toEqual(server.sent('PUBLISH').slice(0, 2))
  server.answer('PUBLISH', { epoch: 'e', offset: 4, datetime: 'd', duplicate: true })
  server.answer('PUBLISH', { epoch: 'e', offset: 5, datetime: 'd' })
  expect(await first).toEqual({
    id: sent?.['id'],
    epoch: 'e',
    offset: 4,
    datetime: 'd',
    duplicate: true,
  })
  expect(await second).toMatchObject({ id: 'mine', duplicate: false })
})

test('a publish that may succeed later is sent again; the ones behind it wait, other channels do not', async () => {
  const offhook = await connected()
  const first = offhook.channel('room').publish(1)
  server.refuse('PUBLISH', { code: 'app_busy', msg: 'busy', retry: true })
  const second = offhook.channel('room').publish(2)
  offhook
    .channel('other')
    .publish(3)
    .catch(() => {})
  expect(server.sent('PUBLISH').map(({ payload }) => payload)).toEqual([1, 3])
  await pass(2000)
  expect(server.sent('PUBLISH').map(({ payload }) => payload)).toEqual([1, 3, 1, 2])
  server.answer('PUBLISH', { datetime: 'd' })
  server.refuse('PUBLISH', { code: 'unauthorized', msg: 'no', retry: false })
  server.answer('PUBLISH', { datetime: 'd' })
  await first.catch(() => {})
  expect(await failure(second)).toBe('no error')
})

test('what waits is bounded in count and bytes, and frames in size', async () => {
  const room = start({ maxWaiting: 2, maxWaitingBytes: 1000, maxFrameBytes: 900 }).channel('room')
  room.publish('a').catch(() => {})
  expect(await failure(room.publish('é'.repeat(420)))).toEqual(['frame_too_large', false])
  expect(await failure(room.publish('é'.repeat(380)))).toEqual(['queue_full', true])
  room.publish('b').catch(() => {})
  expect(await failure(room.publish('c'))).toEqual(['queue_full', true])
  const circular: unknown[] = []
  circular.push(circular)
  expect(await failure(room.publish(circular))).toEqual(['invalid_payload', false])
})

test('a message is sent once: if the link is lost meanwhile nobody knows', async () => {
  const offhook = start()
  const waiting = offhook.message('bob', 1)
  await pass()
  server.accept()
  expect(server.sent('MESSAGE')).toEqual([{ name: 'bob', payload: 1 }])
  loseLink()
  expect(await failure(waiting)).toEqual(['outcome_unknown', false])
  await pass(250)
  server.accept()
  expect(server.sent('MESSAGE')).toHaveLength(1)
})

test('what one user wrote is not sent as another', async () => {
  const offhook = await connected()
  loseLink()
  const kept = offhook.channel('room').publish('private')
  await pass(250)
  server.accept({ name: 'bob' })
  expect(await failure(kept)).toEqual(['user_changed', false])
  expect(server.sent('PUBLISH')).toEqual([])
})

test('subscribe rejects when refused, waits out what may pass, and leave and come are not mixed up', async () => {
  const offhook = await connected()
  const room = offhook.channel('room')
  const refused = room.subscribe()
  server.refuse('SUBSCRIBE', { code: 'unauthorized', msg: 'no', retry: false })
  expect(await failure(refused)).toEqual(['unauthorized', false])
  expect([room.status, room.error?.code]).toEqual(['refused', 'unauthorized'])
  const later = room.subscribe()
  server.refuse('SUBSCRIBE', { code: 'app_failed', msg: 'down', retry: true })
  expect([room.status, room.error?.code]).toEqual(['subscribing', 'app_failed'])
  await pass(2000)
  server.snapshot('room')
  await later
  const left = room.unsubscribe()
  const back = room.subscribe()
  server.say('UNSUBSCRIBE', { channel_name: 'room', user: 'ann', datetime: 'd' })
  expect(server.sent('SUBSCRIBE')).toHaveLength(3)
  server.answer('UNSUBSCRIBE')
  expect(server.sent('SUBSCRIBE')).toHaveLength(4)
  server.snapshot('room')
  await Promise.all([left, back])
  expect(room.status).toBe('subscribed')
})

test('whoever unsubscribed the user is believed', async () => {
  const room = await subscribed(await connected())
  const statuses: unknown[] = []
  room.on('status', (status) => statuses.push(status))
  server.say('UNSUBSCRIBE', { channel_name: 'room', user: 'ann', datetime: 'd' })
  loseLink()
  await pass(250)
  server.accept()
  expect([room.status, statuses]).toEqual(['unsubscribed', ['unsubscribed']])
  expect(server.sent('SUBSCRIBE')).toHaveLength(1)
})

test('a channel that another tab or the app subscribed is told, kept and resumed', async () => {
  const offhook = await connected()
  const names: string[] = []
  offhook.on('channel', ({ name }) => names.push(name))
  server.snapshot('__proto__')
  expect(names).toEqual(['__proto__'])
  loseLink()
  await pass(250)
  server.accept()
  expect(JSON.stringify(server.sent('CONNECT')[1]?.['since'])).toBe(
    '{"__proto__":{"epoch":"e","offset":0}}',
  )
  expect(server.sent('SUBSCRIBE')).toHaveLength(1)
})

test('a loop gets entries until the channel is left', async () => {
  const offhook = await connected()
  const room = offhook.channel('room')
  const read: unknown[] = []
  const loop = (async () => {
    for await (const { payload } of room) read.push(payload)
    return 'ended'
  })()
  server.snapshot('room', { offset: 1, history: [['PUBLISH', { payload: 1, offset: 1 }]] })
  server.say('PUBLISH', entry(2))
  await pass()
  server.say('PUBLISH', entry(3))
  server.say('UNSUBSCRIBE', { channel_name: 'room', user: 'ann', datetime: 'd' })
  expect(await loop).toBe('ended')
  expect(read).toEqual([1, 2, 3])
})

test('a loop over a refused channel throws, and one that is left stops reading', async () => {
  const offhook = await connected()
  const refused = (async () => {
    for await (const _ of offhook.channel('secret')) return
  })()
  server.refuse('SUBSCRIBE', { code: 'unauthorized', msg: 'no', retry: false })
  expect(await failure(refused)).toEqual(['unauthorized', false])
  const first = (async () => {
    for await (const item of offhook.channel('room')) return item
    return undefined
  })()
  server.snapshot('room')
  server.say('PUBLISH', entry(1))
  expect((await first)?.payload).toBe(1)
})

test('a loop that falls too far behind fails', async () => {
  const room = await subscribed(await connected())
  const loop = room[Symbol.asyncIterator]()
  const begun = loop.next()
  for (let offset = 1; offset <= 10_002; offset += 1) server.say('PUBLISH', entry(offset))
  await begun
  const rest = (async () => {
    let item: IteratorResult<Entry>
    do item = await loop.next()
    while (!item.done)
  })()
  expect(await failure(rest)).toEqual(['reader_too_slow', false])
})

test('entries are kept up to a bound, older ones are loaded before them', async () => {
  const offhook = await connected({ maxEntries: 2 })
  const room = await subscribed(offhook, { offset: 5 })
  for (const offset of [6, 7, 8]) server.say('PUBLISH', entry(offset))
  const { entries } = room
  expect([entries.map(({ offset }) => offset), room.entries === entries]).toEqual([[7, 8], true])
  const older = room.loadOlder(2)
  expect(room.loadOlder(2)).toBe(older)
  expect(server.sent('HISTORY')).toEqual([{ channel_name: 'room', before: 7, limit: 2 }])
  const page = [
    ['PUBLISH', { payload: 5, offset: 5 }],
    ['PUBLISH', { payload: 6, offset: 6 }],
  ]
  server.answer('HISTORY', { epoch: 'e', history: page })
  expect(await older).toBe(true)
  server.say('PUBLISH', entry(9))
  expect(room.entries.map(({ offset }) => offset)).toEqual([6, 7, 8, 9])
})

test('history and presence are answered', async () => {
  const room = await subscribed(await connected())
  const history = room.history({ after: 3, limit: 10 })
  server.answer('HISTORY', {
    epoch: 'e',
    history: [
      ['SUBSCRIBE', { user: 'bob', offset: 4 }],
      ['PUBLISH', { payload: 1, offset: 5 }],
    ],
  })
  const page = await history
  expect([page.items.map(({ type }) => type), page.entries.length]).toEqual([
    ['join', 'publish'],
    1,
  ])
  const presence = room.presence()
  server.answer('PRESENCE', { presence: ['ann', 'bob'] })
  expect(await presence).toEqual(['ann', 'bob'])
})

test('close says goodbye, fails what waits and tries nothing more', async () => {
  const offhook = await connected()
  const room = await subscribed(offhook)
  const waiting = room.publish(1)
  offhook.close()
  expect(await failure(waiting)).toEqual(['closed', false])
  expect(await failure(room.publish(2))).toEqual(['closed', false])
  expect([server.sent('DISCONNECT').length, server.links[0]?.closedWith]).toEqual([1, 1000])
  await pass(100_000)
  expect([offhook.state, server.links.length]).toEqual(['closed', 1])
})

test('a listener that throws reaches the page and stops nothing', async () => {
  const room = await subscribed(await connected())
  const heard = vi.fn()
  room.on('entry', () => {
    throw new Error('the page is wrong')
  })
  const off = room.on('entry', heard)
  server.say('PUBLISH', entry(1))
  expect(heard).toHaveBeenCalledOnce()
  off()
  expect(() => vi.runAllTimers()).toThrow('the page is wrong')
})

test('the device coming online, or the page being looked at, tries at once; a link is probed', async () => {
  const page = new EventTarget()
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page))
  const offhook = await connected()
  page.dispatchEvent(new Event('online'))
  expect(server.sent('PING')).toHaveLength(1)
  loseLink()
  page.dispatchEvent(new Event('visibilitychange'))
  expect(offhook.state).toBe('connecting')
  await pass()
  server.accept()
  offhook.close()
  page.dispatchEvent(new Event('online'))
  expect(server.links).toHaveLength(2)
})

test('a transport that is none is a mistake of the page', () => {
  expect(() => server.connect({ transports: ['pigeon' as 'websocket'] })).toThrow(
    'No such transport: pigeon',
  )
})
