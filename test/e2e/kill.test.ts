import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startApp, type TestApp } from '../helpers/app.ts'
import { type Client, openClient } from '../helpers/client.ts'
import { Rest } from '../helpers/rest.ts'
import { seeded } from '../helpers/seeded.ts'
import { type ServerProcess, startServerProcess } from '../helpers/server-process.ts'

const kills = 12
const channels = ['room0', 'room1', 'room2']

let app: TestApp
let folder: string

beforeAll(async () => {
  app = await startApp()
  app.answer('destroy_channel', [false, {}])
  folder = await mkdtemp(join(tmpdir(), 'offhook-kill-'))
})

afterAll(async () => {
  await app.close()
  await rm(folder, { recursive: true, force: true })
})

function start(...more: string[]): Promise<ServerProcess> {
  return startServerProcess([
    ...['--port', '0', '--interface', '127.0.0.1', '--log-level', 'silent'],
    ...['--app-url', `${app.origin}/hookbox`, '--api-token', 'token'],
    ...['--store', `level:${folder}/data`, '--max-history-size', '1000000'],
    ...more,
  ])
}

/** What was acknowledged: by the publisher's own PUBLISH frame, or by the answer to a REST publish. */
const acknowledged = new Map<string, string>()
let published = 0

/** Publishes whose answer never came, under their id: to be repeated after the restart (G4). */
interface RestPublish {
  readonly [field: string]: string
  readonly channel_name: string
  readonly payload: string
}

const unknown: RestPublish[] = []

/** Publishes over REST until the server is gone. */
async function talkOverRest(rest: Rest, who: string): Promise<void> {
  for (;;) {
    const payload = `${who}-${published++}`
    const channel = channels[published % channels.length] ?? ''
    const fields = { channel_name: channel, payload, originator: who, id: payload }
    try {
      await rest.ok('publish', fields)
    } catch {
      unknown.push(fields)
      return
    }
    acknowledged.set(payload, channel)
  }
}

/** Says again what got no answer. */
async function repeatUnknown(rest: Rest): Promise<void> {
  for (const fields of unknown.splice(0)) {
    await rest.ok('publish', fields)
    acknowledged.set(fields.payload, fields.channel_name)
  }
}

/** Publishes over a link, 16 at a time, until the server is gone. */
async function talkOverLink(client: Client, channel: string): Promise<void> {
  const say = () => client.publish(channel, `${client.user}-${published++}`)
  client.socket.on('message', (data) => {
    const [, name, args] = JSON.parse(data.toString()) as [
      number,
      string,
      Client['frames']['all'][0]['args'],
    ]
    const payload = String(args.payload)
    if (name !== 'PUBLISH' || args.channel_name !== channel || args.user !== client.user) return
    acknowledged.set(payload, channel)
    say()
  })
  for (let n = 0; n < 16; n += 1) say()
  await client.closed
}

async function connectAs(url: string, user: string, channel: string): Promise<Client> {
  const client = await openClient(url)
  client.send('CONNECT', { cookie_string: `user=${user}` })
  client.user = (await client.next('CONNECTED')).name ?? ''
  await client.subscribe(channel)
  return client
}

it(`loses no acknowledged publish and shows none twice over ${kills} kill -9 under load (G1)`, async () => {
  const random = seeded(Date.now())
  for (let round = 0; round < kills; round += 1) {
    const server = await start()
    const rest = new Rest([server.url], 'token')
    if (round === 0)
      for (const channel of channels)
        await rest.create(channel, {
          history_size: 1_000_000,
          history_publish_only: true,
          moderated: false,
        })
    await repeatUnknown(rest)
    await expectAllThere(rest)
    const links = await Promise.all(
      channels.map((channel, index) => connectAs(server.url, `user${round}x${index}`, channel)),
    )
    const before = acknowledged.size
    const talking = [
      ...links.map((client, index) => talkOverLink(client, channels[index] ?? '')),
      ...[0, 1, 2, 3].map((who) => talkOverRest(rest, `rest${round}x${who}`)),
    ]
    // A random moment, counted in acknowledgements: never before some work is under way.
    const until = before + 20 + Math.floor(random() * 400)
    while (acknowledged.size < until) await new Promise((resolve) => setImmediate(resolve))
    await server.kill()
    await Promise.all(talking)
  }
  const server = await start()
  const rest = new Rest([server.url], 'token')
  await repeatUnknown(rest)
  await expectAllThere(rest)
  await server.kill()
  expect(acknowledged.size).toBeGreaterThan(kills * 20)
}, 120_000)

async function expectAllThere(rest: Rest): Promise<void> {
  const seen = new Map<string, number>()
  for (const channel of channels) {
    const info = await rest.ok('get_channel_info', { channel_name: channel })
    const history = info.options?.history ?? []
    for (const [, entry] of history) {
      const key = `${channel}/${entry.payload}`
      seen.set(key, (seen.get(key) ?? 0) + 1)
    }
  }
  const lost = [...acknowledged].filter(([payload, channel]) => !seen.has(`${channel}/${payload}`))
  const twice = [...seen].filter(([, times]) => times > 1)
  expect({ lost, twice }).toEqual({ lost: [], twice: [] })
}

it('takes the users of a killed server out and tells the app, once the node counts as dead (G8)', async () => {
  app.answer('destroy_channel', [true, {}])
  const first = await start('--node-timeout', '1')
  const ann = await connectAs(first.url, 'ann', 'lobby')
  const bob = await connectAs(first.url, 'bob', 'lobby')
  await first.kill()
  await Promise.all([ann.closed, bob.closed])
  const second = await start('--node-timeout', '1')
  const rest = new Rest([second.url], 'token')
  const again = await openClient(second.url)
  again.send('CONNECT', { cookie_string: 'user=bob' })
  await again.snapshot('lobby')
  const told = await app.calls.next(
    'disconnect of ann',
    (call) => call.action === 'disconnect' && call.form.name === 'ann',
  )
  expect(told.form.channels).toBe('["lobby"]')
  expect(await rest.refused('get_user_info', { user_name: 'ann' })).toBe("User ann doesn't exist")
  await expect
    .poll(async () => (await rest.ok('get_channel_info', { channel_name: 'lobby' })).subscribers)
    .toEqual(['bob'])
  const names = app.all('disconnect').map((call) => call.form.name)
  expect(names).not.toContain('bob')
  await second.kill()
})
