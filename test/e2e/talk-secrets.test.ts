import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { loginTwo } from '../helpers/client-two.ts'
import { type RecordingProxy, startRecordingProxy } from '../helpers/recording-proxy.ts'
import { openTalk } from '../helpers/talk-client.ts'
import { TalkHttp } from '../helpers/talk-http.ts'
import { app, startTalk, type TalkWorld } from '../helpers/talk-world.ts'
import { describeWorlds } from '../helpers/world.ts'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offhook-talk-logs-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const annToken = 'tok-ann-"<&+/=%41\\~71'
const tokens = {
  ann: annToken,
  bob: 'tok-bob-58203',
  wrong: 'tok-wrong-11874',
  echoed: 'tok-echoed-30956',
  late: 'tok-late-66120',
}
const cookies = { header: 'cookie-header-4471', string: 'cookie-string-8836' }

/** Every way in which a secret may be written. */
function spellings(secret: string): string[] {
  return [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    JSON.stringify(JSON.stringify(secret).slice(1, -1)).slice(1, -1),
    Buffer.from(secret).toString('base64').replace(/=+$/, '').slice(0, -1),
    Buffer.from(secret).toString('hex'),
  ]
}

async function allBytes(path: string): Promise<Buffer> {
  const names = await readdir(path, { recursive: true, withFileTypes: true })
  const files = names.filter((entry) => entry.isFile())
  return Buffer.concat(
    await Promise.all(files.map((entry) => readFile(join(entry.parentPath, entry.name)))),
  )
}

function knowTokens({ backend }: TalkWorld): void {
  // An app that shows tokens where it should not.
  backend.profiles.set(tokens.ann, {
    id: 'ann',
    name: `Ann ${tokens.ann}`,
    first_name: tokens.ann,
    image: `http://cdn.example/?t=${encodeURIComponent(tokens.ann)}`,
    token: tokens.ann,
  })
  backend.profiles.set(tokens.bob, { id: 'bob', name: 'Bob', avatar: { url: [tokens.bob] } })
  backend.profiles.set(tokens.late, { id: 'late', name: 'Late' })
  backend.answerProfiles((token) =>
    token === tokens.echoed
      ? { status: 500, body: `<p>no such token: ${token} ${encodeURIComponent(token)}</p>` }
      : undefined,
  )
}

/** Uses every door, rightly and wrongly. */
async function useAll(talk: TalkWorld, proxies: readonly RecordingProxy[]): Promise<void> {
  const urls = proxies.map(({ url }) => url)
  const http = new TalkHttp(urls)
  const headers = { Cookie: `sid=${cookies.header}` }
  const enter = (token: string, node: number) =>
    openTalk(urls[node % urls.length] ?? '', { room: 'hall', token }, { headers })
  const members = { json: { tokens: [tokens.ann, tokens.bob], users: ['away'] } }
  expect((await http.post('/talk/new-chat-room/hall/', members, { ...app, headers })).status).toBe(
    200,
  )
  const [ann, bob] = [await enter(tokens.ann, 0), await enter(tokens.bob, 1)]
  await ann.say('hi')
  await bob.heard('hi')
  ann.raw('{"token": "mine", "author": "x", "body": "stamped"}')
  await bob.heard('stamped')
  ann.raw('{"token"')
  await ann.error()
  await talk.backend.nextPush()
  const page = await loginTwo(urls[0] ?? '', 'bob', {
    cookie_string: `user=bob; sid=${cookies.string}`,
  })
  await page.request('SUBSCRIBE', { channel_name: 'hall' })
  await page.request('PUBLISH', { channel_name: 'hall', payload: { body: 'from the page' } })
  await page.request('ROOMS')
  for (const token of [tokens.wrong, tokens.echoed, `${tokens.ann}x`]) {
    const link = await enter(token, 0)
    await link.closed
  }
  for (const [path, status] of [
    ['/talk/old/hall/', 200],
    ['/talk/notification/hall/', 200],
    ['/talk/history/hall/', 200],
    ['/talk/none/hall/', 404],
    ['/talk/item/hall/', 405],
    ['/talk/old/a%2Fb/', 404],
  ] as const) {
    const query = `?token=${encodeURIComponent(tokens.ann)}`
    expect([path, (await http.get(`${path}${query}`, { headers })).status]).toEqual([path, status])
    expect((await http.get(path, { token: tokens.bob, headers })).status).toBe(status)
  }
  expect((await http.get(`/talk/old/hall/?token=${tokens.bob}&token=x`)).status).toBe(400)
  expect((await http.post('/talk/item/hall/', { text: '{' }, { token: tokens.bob })).status).toBe(
    400,
  )
  expect((await http.post('/talk/item/hall/', { json: 'i' }, { token: tokens.bob })).status).toBe(
    200,
  )
  const wrong = { json: { tokens: [tokens.bob, tokens.wrong] } }
  expect((await http.post('/talk/new-chat-room/hall/', wrong, app)).status).toBe(400)
  const wrongForm = new URLSearchParams({ tokens: `${tokens.late},${tokens.echoed}` })
  expect((await http.post('/talk/unsubscribe/hall/', wrongForm, app)).status).toBe(400)
  const late = new URLSearchParams({ tokens: tokens.late })
  expect((await http.post('/talk/new-chat-room/hall/', late, app)).status).toBe(200)
  expect((await http.post('/talk/unsubscribe/hall/', late, app)).status).toBe(200)
  const made = { json: { members: ['bob'], token: 'named' } }
  expect((await http.post('/api/chat', made, { token: tokens.ann, headers })).status).toBe(201)
  await page.cut()
  await bob.close()
  ann.socket.terminate()
  await talk.world.rest.ok('room_members', { channel_name: 'hall' })
  await talk.world.rest.ok('get_channel_info', { channel_name: 'hall' })
}

describeWorlds(
  'talk: secrets (G7, spec/hipochat.md §1)',
  ['one node, level', 'two nodes'],
  (start) => {
    it('are in nothing that was ever sent, logged, stored, pushed or told to other nodes', async () => {
      const logs = await mkdtemp(join(folder, 'logs-'))
      const said: unknown[] = []
      const talk = await startTalk(start, {
        args: [
          ...['--log-level', 'debug', '--talk-profile-fields', '*', '--talk-profile-ttl', '0'],
          ...['--log-file-errors', join(logs, 'errors'), '--log-file-access', join(logs, 'access')],
        ],
        tapBus: (message) => said.push(message),
      })
      knowTokens(talk)
      const proxies = await Promise.all(
        talk.world.nodes.map(({ port }) => startRecordingProxy(port)),
      )
      await useAll(talk, proxies)
      const stored = talk.world.folder
      const isStored = stored === undefined ? Buffer.alloc(0) : await allBytes(stored)
      // The app's hooks may see the cookies of the page that caused them, on its own connection; never a token.
      const toApp = talk.world.app.calls.all
        .filter(({ path }) => !path.startsWith('/profile'))
        .map(({ body, path, headers: { cookie: _, ...headers } }) => [path, headers, body])
      const places: Record<string, Buffer> = {
        sent: Buffer.concat(proxies.map(({ sent }) => sent)),
        stored: isStored,
        logged: await allBytes(logs),
        bus: Buffer.from(said.map((message) => JSON.stringify(message)).join('\n')),
        'to the app': Buffer.from(JSON.stringify(toApp)),
      }
      await Promise.all(proxies.map((proxy) => proxy.close()))
      // What is looked through is what was written.
      expect(places['sent']?.includes('"body": "stamped"')).toBe(true)
      expect(places['logged']?.includes('/talk/old/hall/')).toBe(true)
      expect(places['to the app']?.includes('chat_token')).toBe(true)
      if (talk.world.kind === 'two nodes') expect(places['bus']?.includes('stamped')).toBe(true)
      else expect(places['stored']?.includes('stamped')).toBe(true)
      const found = Object.entries(places).flatMap(([place, bytes]) =>
        [...Object.values(tokens), ...Object.values(cookies)].flatMap((secret) =>
          spellings(secret)
            .filter((text) => bytes.includes(text))
            .map((text) => [place, text]),
        ),
      )
      expect(found).toEqual([])
    })
  },
)
