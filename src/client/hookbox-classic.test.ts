import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Connection } from './connection.ts'
import type { Hookbox } from './hookbox-classic.ts'
import type { Subscription } from './subscription.ts'

/** The browser's WebSocket as far as the page script uses it; tests play the server. */
class FakeWebSocket {
  static made: FakeWebSocket[] = []
  readonly url: string
  readonly sent: string[] = []
  closedWith: number | undefined
  onopen: (() => void) | null = null
  onmessage: ((event: { data: unknown }) => void) | null = null
  onclose: ((event: { wasClean: boolean }) => void) | null = null

  constructor(url: string) {
    this.url = url
    FakeWebSocket.made.push(this)
  }

  send(text: string): void {
    this.sent.push(text)
  }

  close(code: number): void {
    this.closedWith = code
  }
}

const page = { cookie: 'session=abc; theme=dark' }
let hookbox: Hookbox

beforeEach(async () => {
  FakeWebSocket.made = []
  page.cookie = 'session=abc; theme=dark'
  const window: { hookbox?: Hookbox } = {}
  vi.stubGlobal('window', window)
  vi.stubGlobal('document', page)
  vi.stubGlobal('navigator', { onLine: true })
  vi.stubGlobal('WebSocket', FakeWebSocket)
  // comet has tests of its own (csp.test.ts)
  vi.stubGlobal('fetch', undefined)
  vi.spyOn(console, 'warn').mockReturnValue()
  vi.resetModules()
  await import('./hookbox-classic.ts')
  if (window.hookbox === undefined) throw new Error('the script defined nothing')
  hookbox = window.hookbox
})

afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
  vi.useRealTimers()
})

function socket(): FakeWebSocket {
  const made = FakeWebSocket.made.at(-1)
  if (made === undefined) throw new Error('no WebSocket was made')
  return made
}

function receive(...frames: unknown[]): void {
  const text = frames.map((frame) => `${JSON.stringify(frame)}\r\n`).join('')
  socket().onmessage?.({ data: text })
}

function sent(): unknown[] {
  return socket().sent.map((text) => {
    expect(text.endsWith('\r\n')).toBe(true)
    return JSON.parse(text)
  })
}

const connected = [1, 'CONNECTED', { name: 'ann', payload: 'null' }]

function connect(): Connection {
  const conn = hookbox.connect('http://offhook.example:8001')
  socket().onopen?.()
  receive(connected)
  return conn
}

function snapshot(args: object = {}): unknown[] {
  const base = { channel_name: 'room', user: 'ann', history: [], history_size: 3 }
  return [2, 'SUBSCRIBE', { ...base, history_duration: 0, state: {}, presence: ['ann'], ...args }]
}

function subscribed(args: object = {}): { conn: Connection; subscription: Subscription } {
  const conn = connect()
  let subscription: Subscription | undefined
  conn.onSubscribed = (_name, made) => {
    subscription = made
  }
  receive(snapshot(args))
  if (subscription === undefined) throw new Error('onSubscribed was not called')
  return { conn, subscription }
}

function watchEnds(conn: Connection) {
  const ends = { onClose: vi.fn(), onConnectionLost: vi.fn() }
  Object.assign(conn, ends)
  return ends
}

test('connect opens a WebSocket at url/ws and sends CONNECT as its frame 1', () => {
  hookbox.connect('https://offhook.example/live/', { token: 'ü' })
  expect(socket().url).toBe('wss://offhook.example/live/ws')
  expect(sent()).toEqual([])
  socket().onopen?.()
  expect(sent()).toEqual([
    [1, 'CONNECT', { cookie_string: 'session=abc; theme=dark', payload: '{"token":"ü"}' }],
  ])
})

test('a url that ends in /csp means the server above it', () => {
  hookbox.connect('http://offhook.example:8001/csp')
  expect(socket().url).toBe('ws://offhook.example:8001/ws')
})

test('a cookie string given by the page is sent instead of document.cookie, also an empty one', () => {
  hookbox.connect('http://a.example', null, '')
  socket().onopen?.()
  expect(sent()).toEqual([[1, 'CONNECT', { cookie_string: '', payload: 'null' }]])
})

test('CONNECTED sets username and connected and calls onOpen with its arguments', () => {
  const conn = hookbox.connect('http://a.example')
  const seen: unknown[] = []
  conn.onOpen = (args) => seen.push([args, conn.username, conn.connected])
  socket().onopen?.()
  expect([conn.username, conn.connected]).toEqual([null, false])
  receive(connected)
  expect(seen).toEqual([[{ name: 'ann', payload: 'null' }, 'ann', true]])
})

test('calls made before CONNECTED go out as subscribes, publishes, messages, then onOpen', () => {
  const conn = hookbox.connect('http://a.example')
  conn.message('bob', 1)
  conn.publish('room', { text: 'hi' })
  conn.subscribe('room')
  conn.publish('room')
  socket().onopen?.()
  conn.subscribe('other')
  expect(sent()).toHaveLength(1)
  let sentAtOpen = 0
  conn.onOpen = () => {
    sentAtOpen = sent().length
  }
  receive(connected)
  expect(sent().slice(1)).toEqual([
    [2, 'SUBSCRIBE', { channel_name: 'room' }],
    [3, 'SUBSCRIBE', { channel_name: 'other' }],
    [4, 'PUBLISH', { channel_name: 'room', payload: '{"text":"hi"}' }],
    [5, 'PUBLISH', { channel_name: 'room', payload: 'null' }],
    [6, 'MESSAGE', { name: 'bob', payload: '1' }],
  ])
  expect(sentAtOpen).toBe(6)
})

test('calls made after CONNECTED go out at once, numbered on', () => {
  const conn = connect()
  conn.publish('room', 'a')
  conn.subscribe('room')
  expect(sent().slice(1)).toEqual([
    [2, 'PUBLISH', { channel_name: 'room', payload: '"a"' }],
    [3, 'SUBSCRIBE', { channel_name: 'room' }],
  ])
})

test('a refused CONNECT keeps what was queued and calls onError', () => {
  const conn = hookbox.connect('http://a.example')
  conn.onError = vi.fn()
  conn.subscribe('room')
  socket().onopen?.()
  const error = { id: 1, reference_id: 1, msg: 'Unauthorized' }
  receive([1, 'ERROR', error])
  expect(conn.onError).toHaveBeenCalledExactlyOnceWith(error)
  expect([conn.connected, sent().length]).toEqual([false, 1])
})

test('the snapshot makes a subscription and reaches onSubscribed whole', () => {
  const conn = connect()
  conn.onSubscribed = vi.fn()
  const history = [['PUBLISH', { user: 'bob', payload: 1, datetime: '2026-01-02T03:04:05' }]]
  const frame = snapshot({
    history,
    state: { topic: 'tea' },
    presence: ['bob', 'ann'],
    initial_data: { x: 1 },
  })
  receive(frame)
  const subscription = vi.mocked(conn.onSubscribed).mock.calls[0]?.[1]
  expect(conn.onSubscribed).toHaveBeenCalledExactlyOnceWith('room', subscription, frame[2])
  expect(subscription).toMatchObject({
    channelName: 'room',
    history,
    historySize: 3,
    state: { topic: 'tea' },
    presence: ['bob', 'ann'],
    canceled: false,
  })
})

test('a second snapshot of the same channel renews the same subscription', () => {
  const { conn, subscription } = subscribed()
  conn.onSubscribed = vi.fn()
  receive(snapshot({ presence: ['ann', 'bob'] }))
  expect(subscription.presence).toEqual(['ann', 'bob'])
  expect(vi.mocked(conn.onSubscribed).mock.calls[0]?.[1]).toBe(subscription)
})

test('publishes enter the history, which is cut to its size, before onPublish', () => {
  const { subscription } = subscribed({ history_size: 2 })
  const seen: unknown[] = []
  subscription.onPublish = (frame) => seen.push([frame.payload, subscription.history.length])
  const at = '2026-01-02T03:04:05'
  for (const payload of [1, 2, 3])
    receive([
      9,
      'PUBLISH',
      { channel_name: 'room', user: 'bob', payload, datetime: at, presence: ['bob'] },
    ])
  expect(seen).toEqual([
    [1, 1],
    [2, 2],
    [3, 2],
  ])
  expect(subscription.history).toEqual([
    ['PUBLISH', { user: 'bob', payload: 2, datetime: at }],
    ['PUBLISH', { user: 'bob', payload: 3, datetime: at }],
  ])
})

test('a channel without history keeps what its snapshot gave and nothing more', () => {
  const given = [['PUBLISH', { payload: 'welcome' }]]
  const { subscription } = subscribed({ history_size: 0, history: given })
  receive([9, 'PUBLISH', { channel_name: 'room', user: 'bob', payload: 1, datetime: 'x' }])
  expect(subscription.history).toEqual(given)
})

test('an anonymous publish has no user in the history', () => {
  const { subscription } = subscribed()
  receive([9, 'PUBLISH', { channel_name: 'room', payload: 1, datetime: 'x' }])
  expect(subscription.history).toEqual([['PUBLISH', { payload: 1, datetime: 'x' }]])
})

test("others' joins and leaves change presence and history before their callbacks", () => {
  const { subscription } = subscribed()
  const seen: unknown[] = []
  subscription.onSubscribe = (frame) => seen.push([frame.user, [...subscription.presence]])
  subscription.onUnsubscribe = (frame) => seen.push([frame.user, [...subscription.presence]])
  const bob = { channel_name: 'room', user: 'bob', datetime: 'x' }
  receive([3, 'SUBSCRIBE', bob], [4, 'UNSUBSCRIBE', bob])
  expect(seen).toEqual([
    ['bob', ['ann', 'bob']],
    ['bob', ['ann']],
  ])
  expect(subscription.history).toEqual([
    ['SUBSCRIBE', { user: 'bob', datetime: 'x' }],
    ['UNSUBSCRIBE', { user: 'bob', datetime: 'x' }],
  ])
  expect(subscription.canceled).toBe(false)
})

test('state follows STATE_UPDATE before onState, odd keys included', () => {
  const { subscription } = subscribed({ state: { a: 1, b: 2 } })
  let seen: unknown
  subscription.onState = (change) => {
    seen = [change, { ...subscription.state }]
  }
  const args = '{"channel_name":"room","updates":{"c":3,"__proto__":{"x":1}},"deletes":["a"]}'
  socket().onmessage?.({ data: `[3,"STATE_UPDATE",${args}]\r\n` })
  expect(JSON.stringify(seen)).toBe(
    '[{"updates":{"c":3,"__proto__":{"x":1}},"deletes":["a"]},{"b":2,"c":3,"__proto__":{"x":1}}]',
  )
  expect('x' in subscription.state).toBe(false)
})

test('subscription.publish and cancel speak for their channel', () => {
  const { subscription } = subscribed()
  subscription.publish([1])
  subscription.cancel()
  expect(sent().slice(1)).toEqual([
    [2, 'PUBLISH', { channel_name: 'room', payload: '[1]' }],
    [3, 'UNSUBSCRIBE', { channel_name: 'room' }],
  ])
  expect(subscription.canceled).toBe(false)
})

test("one's own UNSUBSCRIBE calls subscription.onUnsubscribe, then conn.onUnsubscribed", () => {
  const { conn, subscription } = subscribed()
  const seen: unknown[] = []
  subscription.onUnsubscribe = (frame) => seen.push(['subscription', frame, subscription.canceled])
  conn.onUnsubscribed = (which, args) => seen.push(['conn', which === subscription, args])
  subscription.onPublish = vi.fn()
  const args = { channel_name: 'room', user: 'ann', datetime: 'x' }
  receive(
    [3, 'UNSUBSCRIBE', args],
    [4, 'PUBLISH', { channel_name: 'room', user: 'bob', payload: 1, datetime: 'x' }],
  )
  expect(seen).toEqual([
    ['subscription', args, true],
    ['conn', true, args],
  ])
  expect(subscription.onPublish).not.toHaveBeenCalled()
  const sentBefore = sent().length
  subscription.cancel()
  expect(sent()).toHaveLength(sentBefore)
})

test('subscribing again after leaving makes a new subscription', () => {
  const { conn, subscription } = subscribed()
  conn.onSubscribed = vi.fn()
  receive([3, 'UNSUBSCRIBE', { channel_name: 'room', user: 'ann', datetime: 'x' }], snapshot())
  const again = vi.mocked(conn.onSubscribed).mock.calls[0]?.[1]
  expect(again).not.toBe(subscription)
  expect(again?.canceled).toBe(false)
})

test('MESSAGE reaches onMessaged', () => {
  const conn = connect()
  conn.onMessaged = vi.fn()
  const args = { sender: 'bob', recipient: 'ann', payload: 1, datetime: 'x' }
  receive([2, 'MESSAGE', args])
  expect(conn.onMessaged).toHaveBeenCalledExactlyOnceWith(args)
})

test('SET_COOKIE sets document.cookie', () => {
  connect()
  receive([2, 'SET_COOKIE', { cookie: 'seen=1; Path=/' }])
  expect(page.cookie).toBe('seen=1; Path=/')
})

test('names such as __proto__ are ordinary channels', () => {
  const { subscription } = subscribed({ channel_name: '__proto__' })
  subscription.onPublish = vi.fn()
  receive([3, 'PUBLISH', { channel_name: 'constructor', user: 'b', payload: 1, datetime: 'x' }])
  receive([3, 'PUBLISH', { channel_name: '__proto__', user: 'b', payload: 2, datetime: 'x' }])
  expect(subscription.onPublish).toHaveBeenCalledOnce()
})

test('unknown frames, frames of unknown channels and broken frames disturb nothing', () => {
  const { subscription } = subscribed()
  subscription.onPublish = vi.fn()
  receive([3, 'constructor', {}], [4, 'PUBLISH', { channel_name: 'elsewhere' }], 'broken')
  receive([5, 'PUBLISH', { channel_name: 'room', user: 'b', payload: 1, datetime: 'x' }])
  expect(subscription.onPublish).toHaveBeenCalledOnce()
})

test("a callback that throws reaches the page's error handling and stops no frame", () => {
  vi.useFakeTimers()
  const { subscription } = subscribed()
  subscription.onPublish = vi.fn(() => {
    throw new Error('the page is wrong')
  })
  const publish = [3, 'PUBLISH', { channel_name: 'room', user: 'b', payload: 1, datetime: 'x' }]
  receive(publish, publish)
  expect(subscription.onPublish).toHaveBeenCalledTimes(2)
  expect(() => vi.runAllTimers()).toThrow('the page is wrong')
})

test('a link closed by the server calls onClose once without arguments', () => {
  const conn = connect()
  const ends = watchEnds(conn)
  conn.onClose = vi.fn((...args: unknown[]) => expect([args, conn.connected]).toEqual([[], false]))
  socket().onclose?.({ wasClean: true })
  socket().onclose?.({ wasClean: true })
  expect(conn.onClose).toHaveBeenCalledOnce()
  expect(ends.onConnectionLost).not.toHaveBeenCalled()
})

test.each([
  [true, 'ConnectionTimeout'],
  [false, 'ServerUnreachable'],
])('a link that breaks with onLine %s calls onConnectionLost(%s) once', (onLine, reason) => {
  const conn = connect()
  const ends = watchEnds(conn)
  vi.stubGlobal('navigator', { onLine })
  socket().onclose?.({ wasClean: false })
  socket().onclose?.({ wasClean: false })
  expect(ends.onConnectionLost).toHaveBeenCalledExactlyOnceWith(reason)
  expect(ends.onClose).not.toHaveBeenCalled()
  expect(conn.connected).toBe(false)
})

test('disconnect closes the link and calls onClose once, even if the link then breaks', () => {
  const conn = connect()
  const ends = watchEnds(conn)
  conn.disconnect()
  conn.disconnect()
  expect([socket().closedWith, conn.connected]).toEqual([1000, false])
  expect(ends.onClose).not.toHaveBeenCalled()
  socket().onclose?.({ wasClean: false })
  expect(ends.onClose).toHaveBeenCalledExactlyOnceWith()
  expect(ends.onConnectionLost).not.toHaveBeenCalled()
})

test('frames that arrive after disconnect reach nobody, in the same batch neither', () => {
  const { conn, subscription } = subscribed()
  subscription.onPublish = vi.fn(() => conn.disconnect())
  const publish = [3, 'PUBLISH', { channel_name: 'room', user: 'b', payload: 1, datetime: 'x' }]
  receive(publish, publish)
  receive(publish)
  expect(subscription.onPublish).toHaveBeenCalledOnce()
})

test('a link that never opened calls neither onClose nor onConnectionLost', () => {
  const conn = hookbox.connect('http://a.example')
  const ends = watchEnds(conn)
  socket().onclose?.({ wasClean: false })
  expect(ends.onClose).not.toHaveBeenCalled()
  expect(ends.onConnectionLost).not.toHaveBeenCalled()
  expect(conn.connected).toBe(false)
})

test('disconnect while connecting ends without a callback', () => {
  const conn = hookbox.connect('http://a.example')
  const ends = watchEnds(conn)
  conn.disconnect()
  socket().onopen?.()
  socket().onclose?.({ wasClean: false })
  expect([sent(), ends.onClose.mock.calls, ends.onConnectionLost.mock.calls]).toEqual([[], [], []])
})

test('without WebSocket, and without another way, connect gives a connection that never opens', () => {
  vi.stubGlobal('WebSocket', undefined)
  const conn = hookbox.connect('http://a.example')
  conn.subscribe('room')
  expect(conn.connected).toBe(false)
  expect(FakeWebSocket.made).toHaveLength(0)
})

test('a WebSocket that the page may not open does not throw into the page', () => {
  vi.stubGlobal('WebSocket', function forbidden() {
    throw new Error('insecure')
  })
  expect(hookbox.connect('http://a.example').connected).toBe(false)
})

test('it never reconnects by itself', () => {
  vi.useFakeTimers()
  const conn = connect()
  watchEnds(conn)
  socket().onclose?.({ wasClean: false })
  vi.runAllTimers()
  conn.publish('room', 1)
  expect(FakeWebSocket.made).toHaveLength(1)
  expect(sent()).toHaveLength(1)
})

test('hookbox.publish and hookbox.subscribe act on the last connection made', () => {
  expect(() => hookbox.publish('room', 1)).toThrow('hookbox.connect has not been called')
  connect()
  connect()
  hookbox.publish('room', 1)
  hookbox.subscribe('room')
  expect(FakeWebSocket.made[0]?.sent).toHaveLength(1)
  expect(sent().slice(1)).toEqual([
    [2, 'PUBLISH', { channel_name: 'room', payload: '1' }],
    [3, 'SUBSCRIBE', { channel_name: 'room' }],
  ])
})

test('hookbox.logging has what pages call', () => {
  const { logging } = hookbox
  logging.get('hookbox').setLevel(logging.DEBUG)
  expect(Object.keys(logging)).toEqual(
    expect.arrayContaining(['DEBUG', 'LOG', 'INFO', 'WARN', 'ERROR', 'set', 'getAll']),
  )
  expect(typeof logging.setProduction).toBe('function')
})
