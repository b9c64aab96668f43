import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createDemo } from './app.ts'

let demo: Server
let offhook: Server
let base: string
let calls: string[]

beforeEach(async () => {
  calls = []
  offhook = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    calls.push(`${request.url} ${request.headers.authorization} ${body}`)
    const answer = request.url?.endsWith('get_server_info')
      ? [true, { channels: ['room:tea', 'other', 'room:lobby'], connections: [] }]
      : [true, {}]
    response.end(JSON.stringify(answer))
  })
  demo = createDemo({
    offhookUrl: await listen(offhook),
    hookSecret: 'hook-secret',
    apiToken: 'token',
    sessionKey: 'key',
  })
  base = await listen(demo)
})

afterEach(async () => {
  vi.restoreAllMocks()
  for (const server of [demo, offhook]) {
    server.closeAllConnections()
    await new Promise((done) => server.close(done))
  }
})

async function listen(server: Server): Promise<string> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function post(
  path: string,
  fields: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<Response> {
  const body = new URLSearchParams(fields)
  const init = { method: 'POST', body, redirect: 'manual' } as const
  return fetch(base + path, { ...init, headers: { origin: base, ...headers } })
}

async function logIn(name: string): Promise<string> {
  const response = await post('/login', { name, room: 'tea' })
  expect([response.status, response.headers.get('location')]).toEqual([303, '/chat?room=tea'])
  return response.headers.getSetCookie()[0]?.split(';')[0] ?? ''
}

test('after login the chat page knows name, room and Offhook', async () => {
  const cookie = await logIn('A<b>"nn')
  const response = await fetch(`${base}/chat?room=tea`, { headers: { cookie } })
  const html = await response.text()
  expect(html).toContain('data-channel="room:tea"')
  expect(html).toContain('data-name="A&#60;b&#62;&#34;nn"')
  expect(html).toMatch(/src="http:\/\/127\.0\.0\.1:\d+\/static\/hookbox\.js"/)
  expect(html).not.toContain('<b>')
  expect(response.headers.get('content-security-policy')).toContain("default-src 'none'")
})

test('a page opened at localhost meets Offhook at localhost, where its cookie goes', async () => {
  const cookie = await logIn('ann')
  const local = base.replace('127.0.0.1', 'localhost')
  const html = await (await fetch(`${local}/chat?room=tea`, { headers: { cookie } })).text()
  expect(html).toMatch(/data-offhook-url="http:\/\/localhost:\d+"/)
})

test('without a session the chat page leads to the login and back to its room', async () => {
  const response = await fetch(`${base}/chat?room=tea`, { redirect: 'manual' })
  expect(response.headers.get('location')).toBe('/?room=tea')
  expect(await (await fetch(`${base}/?room=tea`)).text()).toContain('name="room" value="tea"')
})

test.each(['', '   ', 'x'.repeat(41), 'a\nb', 'a\u202eb'])(
  'the name %j is not taken',
  async (name) => {
    const response = await post('/login', { name })
    expect(response.status).toBe(400)
    expect(response.headers.getSetCookie()).toEqual([])
    expect(await response.text()).toContain('A name has 1 to 40 letters')
  },
)

test.each(['/login', '/logout', '/topic'])('a foreign page cannot post to %s', async (path) => {
  const cookie = await logIn('ann')
  for (const origin of ['http://evil.example', 'null', 'http://127.0.0.1:1'])
    expect((await post(path, { name: 'x' }, { cookie, origin })).status).toBe(403)
})

test('logging out clears the cookie and ends the links of the user', async () => {
  const cookie = await logIn('ann')
  const response = await post('/logout', {}, { cookie })
  expect(response.headers.getSetCookie()[0]).toMatch(/^demo_session=; .*Max-Age=0$/)
  expect(calls).toEqual(['/web/disconnect_user Bearer token name=ann'])
})

test('logging out works while Offhook is down', async () => {
  vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  const cookie = await logIn('ann')
  offhook.closeAllConnections()
  await new Promise((done) => offhook.close(done))
  expect((await post('/logout', {}, { cookie })).status).toBe(303)
})

test('the topic is set through REST, for users only', async () => {
  expect((await post('/topic', { room: 'tea', topic: 'Cake' })).status).toBe(401)
  const cookie = await logIn('ann')
  expect((await post('/topic', { room: 'tea', topic: ' "Cake" ' }, { cookie })).status).toBe(200)
  expect(calls).toEqual([
    '/web/state_set_key Bearer token channel_name=room%3Atea&key=topic&val=%22%5C%22Cake%5C%22%22',
  ])
})

test('the list of rooms has the lobby and whatever channels are rooms', async () => {
  const cookie = await logIn('ann')
  const response = await fetch(`${base}/rooms`, { headers: { cookie } })
  expect(await response.json()).toEqual(['lobby', 'tea'])
})

test('a hook needs the secret; with it the verdict comes as JSON', async () => {
  const cookie = await logIn('ann')
  expect((await post('/hookbox/connect', { secret: 'wrong' }, { cookie })).status).toBe(403)
  expect((await post('/hookbox/connect', {}, { cookie })).status).toBe(403)
  const response = await post('/hookbox/connect', { secret: 'hook-secret' }, { cookie })
  expect(await response.json()).toEqual([true, { name: 'ann' }])
})

test('with a signing secret an unsigned hook is refused', async () => {
  const signed = createDemo({
    offhookUrl: 'http://127.0.0.1:1',
    hookSecret: 's',
    apiToken: 't',
    sessionKey: 'k',
    signingSecret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  })
  const url = await listen(signed)
  const body = new URLSearchParams({ secret: 's' })
  expect((await fetch(`${url}/hookbox/disconnect`, { method: 'POST', body })).status).toBe(403)
  signed.closeAllConnections()
  await new Promise((done) => signed.close(done))
})

test.each(['/nothing', '/../app.ts', '/login.html', '/__proto__'])(
  '%s is not found',
  async (path) => {
    expect((await fetch(base + path)).status).toBe(404)
  },
)

test('an endless body is cut off', async () => {
  const cookie = await logIn('ann')
  const response = await post('/topic', { topic: 'x'.repeat(600 * 1024) }, { cookie })
  expect(response.status).toBe(413)
})
