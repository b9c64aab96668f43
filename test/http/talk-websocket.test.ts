import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { Failure, Refusal } from '../../src/core/errors.ts'
import type { HttpSettings } from '../../src/http/settings.ts'
import { OpenDoor } from './door.ts'
import { FakeRooms, profileOf, talkDefaults } from './fake-rooms.ts'
import { exchange, FakeClock, type Started, start } from './parts.ts'

let server: Started
let door: OpenDoor
let fake: FakeRooms
const sockets: (WebSocket | Socket)[] = []

beforeEach(() => {
  door = new OpenDoor()
})
afterEach(async () => {
  for (const socket of sockets.splice(0)) {
    if (socket instanceof WebSocket) socket.terminate()
    else socket.destroy()
  }
  await server.listener.close(0)
})

async function serve(
  answers: ConstructorParameters<typeof FakeRooms>[0] = {},
  options: { settings?: Partial<HttpSettings>; clock?: FakeClock } = {},
): Promise<void> {
  fake = new FakeRooms(answers)
  const talk = { rooms: fake.rooms, settings: talkDefaults }
  server = await start({ door, talk, ...options })
}

function socketTo(path: string, headers: Record<string, string> = {}): WebSocket {
  const ws = new WebSocket(`ws://127.0.0.1:${server.port}${path}`, { headers })
  sockets.push(ws)
  return ws
}

/** All that a socket is told until its end. */
async function heard(ws: WebSocket): Promise<{ messages: string[]; code: number }> {
  const messages: string[] = []
  ws.on('message', (data) => messages.push(String(data)))
  const [code] = (await once(ws, 'close')) as [number]
  return { messages, code }
}

/** Status of the answer to an upgrade that is refused. */
async function refusedWith(path: string): Promise<number | undefined> {
  const ws = socketTo(path)
  ws.on('error', () => {})
  const [, response] = (await once(ws, 'unexpected-response')) as [unknown, { statusCode?: number }]
  return response.statusCode
}

const head =
  'Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'

/** A promise and what settles it. */
function promised<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}

describe('a socket to a room', () => {
  it('opens once its user has entered, and comes with the way to arrive', async () => {
    const arrive = async () => {}
    await serve({ arrive: () => arrive })
    const ws = socketTo('/talk/chat/room_hipo/?token=token-ann')
    await once(ws, 'open')
    expect(fake.tokens).toEqual(['token-ann'])
    const wish = { room: 'room_hipo', profile: profileOf('ann'), token: 'token-ann' }
    expect(fake.of('enter')).toEqual([[wish]])
    expect(fake.of('arrive')).toMatchObject([[wish]])
    expect(door.only.from).toEqual({
      protocol: 'talk',
      transport: 'websocket',
      address: '127.0.0.1',
      room: 'room_hipo',
      arrive,
    })
    ws.send('{"a":1}')
    await door.only.until(({ text }) => text === '{"a":1}')
    expect(server.access).toMatchObject([{ path: '/talk/chat/room_hipo/', status: 101 }])
  })

  it.each([
    '/talk/chat/a.B-9:c,d_/?token=token-ann',
    '/talk/chat/a.B-9%3Ac%2Cd_?x=1&token=token-ann',
  ])('may be asked for as %s', async (path) => {
    await serve()
    await once(socketTo(path), 'open')
    expect(fake.of('enter')).toMatchObject([[{ room: 'a.B-9:c,d_' }]])
  })

  it('may come from any page, whose cookies do not count', async () => {
    await serve({}, { settings: { allowOrigin: ['https://app.example'] } })
    const headers = { origin: 'https://evil.example', cookie: 'a=1' }
    await once(socketTo('/talk/chat/tea/?token=token-ann', headers), 'open')
    expect(door.only.from).not.toHaveProperty('cookies')
  })

  it('takes the token from the query only', async () => {
    await serve()
    const ws = socketTo('/talk/chat/tea/', { authorization: 'Token token-ann' })
    const { messages } = await heard(ws)
    expect(messages).toEqual(['{"ERROR": "authentication error"}'])
    expect(fake.tokens).toEqual([])
  })

  it('is not there where talk is off, and for what names no room', async () => {
    await serve()
    for (const path of [
      '/talk/chat/',
      '/talk/chat/a%2Fb/',
      '/talk/chat/a/b/',
      '/talk/chat/a%20b/',
      '/talk/chat/%ff/',
      `/talk/chat/${'a'.repeat(201)}/`,
      '/talk/old/tea/',
    ]) {
      expect(await refusedWith(`${path}?token=token-ann`), path).toBe(404)
    }
    await server.listener.close(0)
    server = await start({ door })
    expect(await refusedWith('/talk/chat/tea/?token=token-ann')).toBe(404)
  })
})

describe('whoever may not be there', () => {
  it.each(['', '?token=', '?token=wrong', '?token=broken', '?token=a%20b'])(
    'is told one thing, in a message: %s',
    async (query) => {
      await serve()
      expect(await heard(socketTo(`/talk/chat/tea/${query}`))).toEqual({
        messages: ['{"ERROR": "authentication error"}'],
        code: 4008,
      })
      expect(door.seen).toEqual([])
      expect(server.access).toMatchObject([{ path: '/talk/chat/tea/', status: 101 }])
    },
  )

  it.each([
    [new Refusal('not_room'), 'not a room', 4009],
    [new Refusal('not_member'), 'not a member', 4010],
    [new Refusal('room_forbidden'), 'not a room', 4009],
    [new Failure('store', 'broken'), 'Temporarily unavailable', 1013],
    [new Error('a bug'), 'internal error', 1011],
  ])('is told why: %s', async (error, text, code) => {
    await serve({
      enter: () => {
        throw error
      },
    })
    const answer = await heard(socketTo('/talk/chat/tea/?token=token-ann'))
    expect(answer).toEqual({ messages: [`{"ERROR": "${text}"}`], code })
    expect(server.telemetry.failures).toHaveLength(error instanceof Refusal ? 0 : 1)
  })

  it('is refused by status where the request itself is wrong', async () => {
    await serve()
    expect(await refusedWith('/talk/chat/tea/?token=token-ann&token=token-bob')).toBe(400)
    expect(await refusedWith('/talk/chat/tea/?token=%ed%a0%80')).toBe(400)
    expect(fake.tokens).toEqual([])
  })

  it('is refused by status where nobody is let in', async () => {
    await serve()
    door.refusal = new Refusal('draining')
    expect(await refusedWith('/talk/chat/tea/?token=token-ann')).toBe(503)
    door.refusal = undefined
    server.listener.drain()
    expect(await refusedWith('/talk/chat/tea/?token=token-ann')).toBe(503)
    expect(fake.tokens).toEqual([])
  })

  it('is not asked about after too many wrong tokens of its address; known tokens are', async () => {
    await serve({}, { settings: { maxFailedLogins: 2 } })
    await once(socketTo('/talk/chat/tea/?token=token-ann'), 'open')
    for (const token of ['wrong1', 'wrong2']) {
      await heard(socketTo(`/talk/chat/tea/?token=${token}`))
    }
    expect(await refusedWith('/talk/chat/tea/?token=wrong3')).toBe(429)
    expect(await refusedWith('/talk/chat/tea/?token=token-new')).toBe(429)
    await once(socketTo('/talk/chat/tea/?token=token-ann'), 'open')
    expect(fake.tokens).toEqual(['token-ann', 'wrong1', 'wrong2', 'token-ann'])
    expect(server.telemetry.limits).toEqual(['max-failed-logins', 'max-failed-logins'])
  })

  it('may try again in the next minute, and a token that was withdrawn is known no more', async () => {
    const clock = new FakeClock()
    let isWithdrawn = false
    await serve(
      {
        authenticate: () =>
          isWithdrawn ? { outcome: 'refused' } : { outcome: 'known', profile: profileOf('ann') },
      },
      { clock, settings: { maxFailedLogins: 1 } },
    )
    await once(socketTo('/talk/chat/tea/?token=ann'), 'open')
    isWithdrawn = true
    await heard(socketTo('/talk/chat/tea/?token=ann'))
    expect(await refusedWith('/talk/chat/tea/?token=ann')).toBe(429)
    clock.advance(60_000)
    await heard(socketTo('/talk/chat/tea/?token=ann'))
    expect(fake.tokens).toHaveLength(3)
  })
})

describe('while the app is asked', () => {
  /** Rooms whose app answers only when it is told to. */
  async function serveSlowly(options: Parameters<typeof serve>[1] = {}) {
    const asked = promised<void>()
    const answer = promised<{ outcome: 'known'; profile: ReturnType<typeof profileOf> }>()
    await serve(
      {
        authenticate: () => {
          asked.resolve()
          return answer.promise
        },
      },
      options,
    )
    return {
      asked: asked.promise,
      answer: () => answer.resolve({ outcome: 'known', profile: profileOf('ann') }),
    }
  }

  const request = `GET /talk/chat/tea/?token=t HTTP/1.1\r\n${head}`

  it('what the browser sends already is kept', async () => {
    const app = await serveSlowly()
    const frame = Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x7b, 0x7d])
    const socket = connect(server.port, '127.0.0.1', () => {
      socket.write(Buffer.concat([Buffer.from(request), frame]))
    })
    sockets.push(socket)
    await app.asked
    app.answer()
    await once(socket, 'data')
    await door.only.until(({ text }) => text === '{}')
  })

  it.each(['end', 'resetAndDestroy'] as const)(
    'a browser that goes leaves nothing: %s',
    async (how) => {
      const app = await serveSlowly()
      const socket = connect(server.port, '127.0.0.1', () => socket.write(request))
      sockets.push(socket)
      await app.asked
      socket[how]()
      while (server.access.length === 0) await new Promise((resolve) => setImmediate(resolve))
      expect(server.access).toMatchObject([{ status: 499, address: '127.0.0.1' }])
      app.answer()
      await new Promise((resolve) => setImmediate(resolve))
      expect(fake.of('enter')).toEqual([])
      expect(door.seen).toEqual([])
      expect(server.telemetry.failures).toEqual([])
    },
  )

  it('it waits as long as a link may take to say who it is', async () => {
    const clock = new FakeClock()
    const app = await serveSlowly({ clock })
    const answer = exchange(server.port, request)
    await app.asked
    clock.advance(10_000)
    expect(await answer).toMatch(/^HTTP\/1\.1 408 /)
    app.answer()
  })

  it('only so many wait', async () => {
    const app = await serveSlowly({ settings: { maxHooksWaiting: 1 } })
    const first = socketTo('/talk/chat/tea/?token=t')
    await app.asked
    expect(await refusedWith('/talk/chat/tea/?token=t')).toBe(503)
    expect(server.telemetry.limits).toEqual(['max-hooks-waiting'])
    app.answer()
    await once(first, 'open')
    await once(socketTo('/talk/chat/tea/?token=t'), 'open')
  })

  it('the end of the server waits no longer than it may', async () => {
    const clock = new FakeClock()
    const app = await serveSlowly({ clock })
    const answer = exchange(server.port, request)
    await app.asked
    const closed = server.listener.close(5000)
    clock.advance(5000)
    await closed
    expect(await answer).toBe('')
  })

  it('a server that drains meanwhile takes nobody', async () => {
    const app = await serveSlowly()
    const refused = refusedWith('/talk/chat/tea/?token=t')
    await app.asked
    server.listener.drain()
    app.answer()
    expect(await refused).toBe(503)
    expect(door.seen).toEqual([])
  })
})
