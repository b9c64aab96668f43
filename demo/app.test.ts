import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { StartedDemo } from './started-demo.ts'

let demo: StartedDemo

beforeEach(async () => {
  demo = new StartedDemo()
  await demo.start()
})

afterEach(async () => {
  vi.restoreAllMocks()
  await demo.close()
})

test('after login the chat page knows name, room and Offhook', async () => {
  const cookie = await demo.logIn('A<b>"nn')
  const response = await demo.get('/chat?room=tea', { cookie })
  const html = await response.text()
  expect(html).toContain('data-channel="room:tea"')
  expect(html).toContain('data-name="A&#60;b&#62;&#34;nn"')
  expect(html).toMatch(/data-offhook-url="http:\/\/127\.0\.0\.1:\d+"/)
  expect(html).not.toContain('<b>')
  const policy = response.headers.get('content-security-policy')
  expect(policy).toContain("default-src 'none'")
  expect(policy).not.toContain('unsafe')
})

test('logging in leads to the room', async () => {
  const response = await demo.post('/login', { name: 'ann', room: 'tea' })
  expect([response.status, response.headers.get('location')]).toEqual([303, '/chat?room=tea'])
})

test('a page opened at localhost meets Offhook at localhost, where its cookie goes', async () => {
  const cookie = await demo.logIn('ann')
  const local = demo.url.replace('127.0.0.1', 'localhost')
  const html = await (await fetch(`${local}/chat?room=tea`, { headers: { cookie } })).text()
  expect(html).toMatch(/data-offhook-url="http:\/\/localhost:\d+"/)
})

test('without a session the chat page leads to the login and back to its room', async () => {
  const response = await demo.get('/chat?room=tea')
  expect(response.headers.get('location')).toBe('/?room=tea')
  expect(await (await demo.get('/?room=tea')).text()).toContain('name="room" value="tea"')
})

test.each(['', '   ', 'x'.repeat(41), 'a\nb', 'a\u202eb'])(
  'the name %j is not taken',
  async (name) => {
    const response = await demo.post('/login', { name })
    expect(response.status).toBe(400)
    expect(response.headers.getSetCookie()).toEqual([])
    expect(await response.text()).toContain('A name has 1 to 40 letters')
  },
)

test.each(['/login', '/logout', '/topic', '/rooms', '/token'])(
  'a foreign page cannot post to %s',
  async (path) => {
    const cookie = await demo.logIn('ann')
    for (const origin of ['http://evil.example', 'null', 'http://127.0.0.1:1'])
      expect((await demo.post(path, { name: 'x' }, { cookie, origin })).status).toBe(403)
  },
)

test('logging out clears the cookie and ends the links of the user', async () => {
  const cookie = await demo.logIn('ann')
  const response = await demo.post('/logout', {}, { cookie })
  expect(response.headers.getSetCookie()[0]).toMatch(/^demo_session=; .*Max-Age=0$/)
  expect(demo.asked().at(-1)).toEqual(['disconnect_user', { name: 'ann' }])
})

test('logging in and out works while Offhook is down', async () => {
  vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  await demo.stopOffhook()
  const cookie = await demo.logIn('ann')
  expect((await demo.get('/chat?room=tea', { cookie })).status).toBe(200)
  expect((await demo.post('/logout', {}, { cookie })).status).toBe(303)
})

test('whoever logs in becomes a member of the public rooms that are missing', async () => {
  await demo.logIn('ann')
  expect(demo.asked()).toEqual([['room_unread', { user: 'ann', limit: '1000' }]])

  demo.rooms.pop()
  await demo.logIn('ann')
  expect(demo.asked().slice(1)).toEqual([
    [
      'room_create',
      {
        channel_name: 'room:garden',
        members: '["ann"]',
        history_size: '200',
        presenceful: 'true',
        state: '{"topic":"Welcome to garden"}',
      },
    ],
  ])
})

test('a room that is there already gets one member more', async () => {
  demo.rooms.pop()
  demo.refused = ['room_create']
  await demo.logIn('a,"b')
  const form = { channel_name: 'room:garden', users: '["a,\\"b"]' }
  expect(demo.asked().at(-1)).toEqual(['room_add', form])
})

test('a page may have its user join any room, under the name that it gets', async () => {
  expect((await demo.post('/rooms', { room: 'cake' })).status).toBe(401)
  const cookie = await demo.logIn('ann')
  const response = await demo.post('/rooms', { room: 'Cake & Pie' }, { cookie })
  expect(await response.json()).toEqual({ room: 'cake-pie', channel: 'room:cake-pie' })
  const made = expect.objectContaining({ channel_name: 'room:cake-pie', members: '["ann"]' })
  expect(demo.asked().at(-1)).toEqual(['room_create', made])
})

test('a room that Offhook does not let one join is not opened', async () => {
  vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  const cookie = await demo.logIn('ann')
  demo.refused = ['room_create', 'room_add']
  expect((await demo.post('/rooms', { room: 'cake' }, { cookie })).status).toBe(500)
})

test('the topic is set through REST, for users only', async () => {
  expect((await demo.post('/topic', { room: 'tea', topic: 'Cake' })).status).toBe(401)
  expect(demo.asked()).toEqual([])
  const cookie = await demo.logIn('ann')
  const response = await demo.post('/topic', { room: 'tea', topic: ' "Cake" ' }, { cookie })
  expect(response.status).toBe(200)
  const form = { channel_name: 'room:tea', key: 'topic', val: '"\\"Cake\\""' }
  expect(demo.asked().at(-1)).toEqual(['state_set_key', form])
})

test('the list of rooms has the lobby and whatever channels are rooms', async () => {
  expect((await demo.get('/rooms')).status).toBe(401)
  const cookie = await demo.logIn('ann')
  expect(await (await demo.get('/rooms', { cookie })).json()).toEqual(['lobby', 'tea'])
})

test.each(['/nothing', '/../app.ts', '/login.html', '/__proto__'])(
  '%s is not found',
  async (path) => {
    expect((await demo.get(path)).status).toBe(404)
  },
)

test('every module that the chat page imports is served', async () => {
  const paths = ['/chat.js']
  for (const path of paths) {
    const response = await demo.get(path)
    expect([path, response.status]).toEqual([path, 200])
    for (const [, name] of (await response.text()).matchAll(/ from '\.(\/[\w-]+\.js)'/g))
      if (name !== undefined && !paths.includes(name)) paths.push(name)
  }
  expect(paths.length).toBeGreaterThan(5)
})

test('an endless body is cut off', async () => {
  const cookie = await demo.logIn('ann')
  const response = await demo.post('/topic', { topic: 'x'.repeat(600 * 1024) }, { cookie })
  expect(response.status).toBe(413)
})
