import { afterEach, beforeEach, expect, test } from 'vitest'
import { createSessions } from './session.ts'
import { StartedDemo } from './started-demo.ts'

const foreign = `whsec_${Buffer.from('another secret').toString('base64')}`

let demo: StartedDemo

beforeEach(async () => {
  demo = new StartedDemo()
  await demo.start()
})

afterEach(async () => {
  await demo.close()
})

test('a hook needs the secret and the signature; with both the verdict comes as JSON', async () => {
  const cookie = await demo.logIn('ann')
  const form = 'secret=hook-secret'
  for (const body of ['', 'secret=wrong'])
    expect((await demo.postSigned('/hookbox/connect', body, { cookie })).status).toBe(403)
  for (const secret of [foreign, 'whsec_'])
    expect((await demo.postSigned('/hookbox/connect', form, { cookie, secret })).status).toBe(403)
  const unsigned = await demo.post('/hookbox/connect', { secret: 'hook-secret' }, { cookie })
  expect(unsigned.status).toBe(403)
  const response = await demo.postSigned('/hookbox/connect', form, { cookie })
  expect(await response.json()).toEqual([true, { name: 'ann' }])
  expect((await demo.postSigned('/hookbox/nothing', form, { cookie })).status).toBe(404)
})

const push = {
  chat_token: 'room:tea',
  receivers: ['bob', '<b>'],
  type: 'message',
  author: { name: 'Ann' },
  body: 'hello',
  id: 'msg_1_0',
  timestamp: 1_790_000_000.5,
  unread: { bob: 3, '<b>': 1 },
}

async function pushes(): Promise<unknown> {
  const cookie = await demo.logIn('ann')
  return (await demo.get('/pushes', { cookie })).json()
}

test('a push that Offhook signed is shown to users, once', async () => {
  for (let time = 0; time < 2; time += 1)
    expect((await demo.postSigned('/push', JSON.stringify(push))).status).toBe(204)
  expect(await pushes()).toEqual([
    {
      id: 'msg_1_0',
      room: 'tea',
      receivers: [
        { name: 'bob', unread: 3 },
        { name: '<b>', unread: 1 },
      ],
      author: 'Ann',
      text: 'hello',
      at: 1_790_000_000_500,
    },
  ])
  expect((await demo.get('/pushes')).status).toBe(401)
})

test('the newest push comes first, and the oldest are forgotten', async () => {
  for (let number = 1; number <= 31; number += 1) {
    const body = number % 2 === 0 ? { number } : 'text'
    await demo.postSigned('/push', JSON.stringify({ ...push, id: `${number}`, author: null, body }))
  }
  const shown = (await pushes()) as { id: string; text: string; author: unknown }[]
  expect(shown).toHaveLength(30)
  expect(shown[0]).toMatchObject({ id: '31', text: 'text', author: null })
  expect(shown[1]).toMatchObject({ id: '30', text: '{"number":30}' })
  expect(shown.at(-1)?.id).toBe('2')
})

test('a push that is not signed, or with another secret, is refused', async () => {
  const body = JSON.stringify(push)
  const cookie = await demo.logIn('ann')
  expect((await fetch(`${demo.url}/push`, { method: 'POST', body })).status).toBe(403)
  expect((await demo.post('/push', { secret: 'hook-secret' }, { cookie })).status).toBe(403)
  expect((await demo.postSigned('/push', body, { secret: foreign })).status).toBe(403)
  expect(await pushes()).toEqual([])
})

test.each(['', 'no json', '[]', 'null', '{}', JSON.stringify({ ...push, receivers: 'bob' })])(
  'what is signed and no push is refused: %j',
  async (body) => {
    expect((await demo.postSigned('/push', body)).status).toBe(400)
    expect(await pushes()).toEqual([])
  },
)

async function statusFor(authorization: string): Promise<number> {
  return (await demo.get('/profile', { authorization })).status
}

test('the profile URL knows the user of a token that a page was given', async () => {
  expect((await demo.post('/token', {})).status).toBe(401)
  const cookie = await demo.logIn('A<b>"nn')
  const { token } = (await (await demo.post('/token', {}, { cookie })).json()) as { token: string }
  expect(token).toMatch(/^[!-~]{1,4096}$/)
  const response = await demo.get('/profile', { authorization: `Token ${token}` })
  expect(await response.json()).toEqual({ id: 'A<b>"nn', name: 'A<b>"nn' })
})

test('the profile URL refuses every other token, the session itself too', async () => {
  const session = (await demo.logIn('ann')).split('=')[1] ?? ''
  const token = createSessions('key').tokenFor('ann')
  const others = ['', 'x', session, `${token}x`, createSessions('another key').tokenFor('ann')]
  const late = createSessions('key', () => Date.now() - 3_601_000).tokenFor('ann')
  for (const other of [...others, late]) expect(await statusFor(`Token ${other}`)).toBe(403)
  for (const other of ['', token, `Bearer ${token}`]) expect(await statusFor(other)).toBe(403)
  expect(await statusFor(`Token ${token}`)).toBe(200)
})

test('a token is no session', async () => {
  const token = createSessions('key').tokenFor('ann')
  const cookie = `demo_session=${token}`
  expect((await demo.get('/pushes', { cookie })).status).toBe(401)
})
