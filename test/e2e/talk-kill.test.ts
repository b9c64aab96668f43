import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startApp, type TestApp } from '../helpers/app.ts'
import { Rest } from '../helpers/rest.ts'
import { seeded } from '../helpers/seeded.ts'
import { type ServerProcess, startServerProcess } from '../helpers/server-process.ts'
import { signatureOf, TalkBackend, tokenOf } from '../helpers/talk-backend.ts'
import { openTalk, type TalkClient } from '../helpers/talk-client.ts'
import { TalkHttp } from '../helpers/talk-http.ts'
import { as, app as asApp } from '../helpers/talk-world.ts'
import { apiToken } from '../helpers/world.ts'

const kills = 3
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

let app: TestApp
let folder: string

beforeAll(async () => {
  app = await startApp()
  folder = await mkdtemp(join(tmpdir(), 'offhook-talk-kill-'))
})

afterAll(async () => {
  await app.close()
  await rm(folder, { recursive: true, force: true })
})

function start(backend: TalkBackend, name: string): Promise<ServerProcess> {
  backend.serve(app)
  return startServerProcess([
    ...['--port', '0', '--interface', '127.0.0.1', '--log-level', 'silent'],
    ...['--talk-profile-url', `${app.origin}/profile`, '--talk-push-url', `${app.origin}/push`],
    ...['--api-token', apiToken, '--store', `level:${folder}/${name}`, '--node-timeout', '1'],
    ...['--signing-secret', secret, '--talk-history-size', '100000'],
  ])
}

/** Sends as fast as it hears, until the server is gone; answers what was heard back. */
async function talkUntilGone(client: TalkClient, next: () => string): Promise<string[]> {
  const say = () => client.send({ body: next() })
  client.socket.on('message', say)
  for (let n = 0; n < 8; n += 1) say()
  await client.closed
  return client.bodies.map(String)
}

it(`loses no message that was heard, no push of it, and no marker over ${kills} kill -9`, async () => {
  const backend = new TalkBackend()
  const random = seeded(Date.now())
  const heard = new Set<string>()
  let serial = 0
  for (let round = 0; round < kills; round += 1) {
    const server = await start(backend, 'load')
    const http = new TalkHttp([server.url])
    if (round === 0)
      await http.post('/talk/new-chat-room/hall/', { json: { users: ['ann', 'away'] } }, asApp)
    await expectAllKept(http, heard)
    const ann = await openTalk(server.url, { room: 'hall', token: tokenOf('ann') })
    const talking = talkUntilGone(ann, () => `m${serial++}`)
    const until = 20 + Math.floor(random() * 150)
    while (ann.messages.all.length < until) await new Promise((resolve) => setImmediate(resolve))
    await server.kill()
    for (const body of await talking) heard.add(body)
  }
  const server = await start(backend, 'load')
  const http = new TalkHttp([server.url])
  const kept = await expectAllKept(http, heard)
  const away = await http.get('/talk/notification/hall/', as('away'))
  expect(away.body.notification).toBe(kept)
  const rest = new Rest([server.url], apiToken)
  await expect
    .poll(() => rest.ok('notices'), { timeout: 15_000 })
    .toMatchObject({ waiting: 0, dead: 0 })
  await server.kill()
  const told = backend.pushes.all.filter(({ body }) => body.receivers.includes('away'))
  const byBody = Map.groupBy(told, ({ body }) => String(body.body))
  expect([...heard].filter((body) => !byBody.has(body))).toEqual([])
  for (const [, calls] of byBody) {
    expect(new Set(calls.map(({ text }) => text)).size).toBe(1)
    for (const call of calls) {
      expect(call.headers['webhook-id']).toBe(call.body.id)
      expect(call.headers['webhook-signature']).toBe(signatureOf(secret, call))
    }
  }
  expect(heard.size).toBeGreaterThan(kills * 15)
}, 60_000)

/** How many are kept; none of those that were heard is missing, none is there twice. */
async function expectAllKept(http: TalkHttp, heard: ReadonlySet<string>): Promise<number> {
  const { body } = await http.get('/talk/old/hall/', as('reader'))
  const kept = (body.oldy ?? []).map((message) => String(message.body))
  const all = new Set(kept)
  expect(all.size).toBe(kept.length)
  expect([...heard].filter((text) => !all.has(text))).toEqual([])
  return kept.length
}

it('tells of a message that was not told yet, and of what a killed link may have missed', async () => {
  const backend = new TalkBackend()
  const server = await start(backend, 'two')
  const http = new TalkHttp([server.url])
  const users = ['ann', 'bob', 'away']
  await http.post('/talk/new-chat-room/hall/', { json: { users } }, asApp)
  const ann = await openTalk(server.url, { room: 'hall', token: tokenOf('ann') })
  const bob = await openTalk(server.url, { room: 'hall', token: tokenOf('bob') })
  await bob.barrier()
  backend.answerPushes({ hang: true })
  await ann.say('last words')
  await bob.heard('last words')
  const first = await backend.nextPush()
  expect(first.receivers).toEqual(['away'])
  await server.kill()
  backend.answerPushes({ status: 200 })
  const again = await start(backend, 'two')
  expect(await backend.nextPush(({ id }) => id === first.id)).toEqual(first)
  // Nobody knows whether it reached bob.
  const missed = await backend.nextPush(({ receivers }) => receivers.includes('bob'))
  expect(missed).toMatchObject({ body: 'last words', receivers: ['bob'], unread: { bob: 1 } })
  const unread = await new TalkHttp([again.url]).get('/talk/notification/hall/', as('bob'))
  expect(unread.body.notification).toBe(1)
  await again.kill()
  expect(backend.pushes.all.filter(({ body }) => body.receivers.includes('ann'))).toEqual([])
}, 60_000)
