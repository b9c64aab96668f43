import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Hookbox } from '../../src/client/hookbox-classic.ts'
import type { Channel, ConnectOptions, connect, Offhook } from '../../src/client/index.ts'
import { findChromium } from '../browser/chromium.ts'
import { BrowserWorld } from './browser-world.ts'

/** What stands in the page. */
declare global {
  var url: string
  var offhook: { connect: typeof connect }
  var hookbox: Hookbox
  var client: Offhook
  var room: Channel
  var heard: unknown[]
  var states: string[]
}

const missing = findChromium() === undefined
const { CI } = process.env
const reason = 'no Chromium on the PATH (apt-get install chromium)'
if (missing && CI !== 'true') process.stderr.write(`skipped, the SDK in a browser: ${reason}\n`)
if (missing && CI === 'true') {
  test('with CI=true there is a Chromium to test the SDK with', () => {
    expect.fail(reason)
  })
}

describe.skipIf(missing)('the SDK in Chromium', { timeout: 60_000 }, () => {
  let world: BrowserWorld
  let rooms = 0
  let name = ''

  beforeAll(async () => {
    world = await BrowserWorld.start()
    world.app.on('create_channel', () => [
      true,
      { history_size: 1000, presenceful: true, history_publish_only: true },
    ])
  }, 60_000)

  afterEach(async () => {
    world.network.up()
    world.network.allowUpgrades()
    await world.closeTabs()
    expect(world.pageErrors).toEqual([])
  })

  afterAll(async () => {
    await world?.close()
  }, 30_000)

  function newRoom(): void {
    rooms += 1
    name = `room ${rooms}`
  }

  /** Everybody is somebody else in each test: a link that was lost keeps its user's place for a while. */
  function user(who: string): string {
    return `${who}-${rooms}`
  }

  /** A tab that is in the room; `heard` collects the payloads, `states` the connection's states. */
  async function join(who: string, options: ConnectOptions = {}): Promise<Page> {
    const page = await world.tab(user(who))
    await page.evaluate(
      async ([channel, given]) => {
        globalThis.heard = []
        globalThis.states = []
        globalThis.client = offhook.connect(url, { maxReconnectMs: 500, ...given })
        client.on('state', ({ state }) => states.push(state))
        globalThis.room = client.channel(channel)
        room.on('entry', ({ payload }) => heard.push(payload))
        await room.subscribe()
      },
      [name, options] as const,
    )
    return page
  }

  function publish(page: Page, ...payloads: unknown[]): Promise<void> {
    return page.evaluate(async (list) => {
      await Promise.all(list.map((payload) => room.publish(payload)))
    }, payloads)
  }

  function hears(page: Page, payloads: readonly unknown[]): Promise<void> {
    return expect
      .poll(() => page.evaluate(() => heard), { timeout: 20_000 })
      .toEqual(payloads) as Promise<void>
  }

  /** Offline lasts only until the next try, which may be over before the state is looked at: all of them count. */
  function losesItsLink(page: Page): Promise<void> {
    return expect
      .poll(() => page.evaluate(() => states.slice(states.lastIndexOf('connected'))), {
        timeout: 20_000,
      })
      .toContain('offline') as Promise<void>
  }

  /** Kinds of requests that the page made: how it is connected. */
  function watch(page: Page): { sockets: number; paths: Set<string> } {
    const seen = { sockets: 0, paths: new Set<string>() }
    page.on('websocket', () => {
      seen.sockets += 1
    })
    page.on('request', (request) => seen.paths.add(new URL(request.url()).pathname))
    return seen
  }

  test.each([
    { way: 'WebSocket', options: {}, blocked: 'nothing blocked' },
    { way: 'CSP streaming', options: {}, blocked: 'WebSocket blocked' },
    { way: 'CSP long-poll', options: { transports: ['csp-poll'] }, blocked: 'WebSocket blocked' },
  ] as const)('two users talk over $way, $blocked', async ({ options, blocked }) => {
    newRoom()
    if (blocked === 'WebSocket blocked') world.network.blockUpgrades()
    const ann = await join('ann', options as ConnectOptions)
    const seen = watch(ann)
    const bob = await join('bob', options as ConnectOptions)
    await publish(ann, 'Good morning ☕')
    await hears(bob, ['Good morning ☕'])
    await publish(bob, { text: 'And to you' })
    await hears(ann, ['Good morning ☕', { text: 'And to you' }])
    expect(await ann.evaluate(() => room.users)).toEqual([user('ann'), user('bob')])
    expect(seen.paths.has('/csp/send')).toBe(blocked === 'WebSocket blocked')
  })

  test.each(['WebSocket', 'comet'] as const)(
    'a server that is killed and started again in mid-conversation loses nothing (%s)',
    async (way) => {
      newRoom()
      if (way === 'comet') world.network.blockUpgrades()
      const ann = await join('ann')
      const bob = await join('bob')
      await publish(ann, 1, 2, 3)
      await hears(bob, [1, 2, 3])
      await world.kill()
      await losesItsLink(bob)
      const later = publish(ann, 4, 5)
      await world.restart()
      await later
      await publish(bob, 6)
      for (const page of [ann, bob]) await hears(page, [1, 2, 3, 4, 5, 6])
    },
  )

  test.each(['WebSocket', 'comet'] as const)(
    'a laptop whose lid was closed finds out that its link is dead, and misses nothing (%s)',
    async (way) => {
      newRoom()
      const timing = { idleTimeoutMs: 400, pingTimeoutMs: 400, connectTimeoutMs: 1000 }
      const transports = way === 'comet' ? (['csp-stream'] as const) : (['websocket'] as const)
      const ann = await join('ann', { ...timing, transports })
      await publish(ann, 'before')
      await hears(ann, ['before'])
      world.network.freeze()
      await losesItsLink(ann)
      world.network.thaw()
      const bob = await join('bob')
      await publish(bob, 'meanwhile')
      await hears(ann, ['before', 'meanwhile'])
      await publish(ann, 'after')
      await hears(bob, ['meanwhile', 'after'])
    },
  )

  test('two tabs of one user hear the same, and are one to the others', async () => {
    newRoom()
    const bob = await join('bob')
    const [first, second] = [await join('ann'), await join('ann')]
    await publish(first, 'from the first')
    await publish(second, 'from the second')
    for (const page of [first, second, bob]) {
      await hears(page, ['from the first', 'from the second'])
    }
    expect(await bob.evaluate(() => room.users)).toEqual([user('bob'), user('ann')])
    await first.evaluate(() => client.close())
    await publish(bob, 'still here?')
    await hears(second, ['from the first', 'from the second', 'still here?'])
    expect(await bob.evaluate(() => room.users)).toEqual([user('bob'), user('ann')])
    await second.evaluate(() => client.close())
    await expect.poll(() => bob.evaluate(() => room.users)).toEqual([user('bob')])
  })

  test('500 messages sent in three seconds without a network arrive once each and in order', async () => {
    newRoom()
    const ann = await join('ann')
    const bob = await join('bob', { transports: ['csp-stream'] })
    world.network.down()
    await losesItsLink(ann)
    const sent = ann.evaluate(async () => {
      const waiting: Promise<unknown>[] = []
      const began = performance.now()
      while (waiting.length < 500) {
        const due = Math.min(500, Math.ceil(((performance.now() - began) / 3000) * 500))
        while (waiting.length < due) waiting.push(room.publish(waiting.length))
        await new Promise((next) => setTimeout(next, 20))
      }
      document.title = 'all sent'
      const published = (await Promise.all(waiting)) as { offset: number }[]
      return published.map(({ offset }) => offset)
    })
    await expect.poll(() => ann.title(), { timeout: 10_000 }).toBe('all sent')
    world.network.up()
    const numbers = Array.from({ length: 500 }, (_, i) => i)
    expect(await sent).toEqual(numbers.map((number) => number + 1))
    for (const page of [ann, bob]) await hears(page, numbers)
  })

  test('a worker has the same SDK', async () => {
    newRoom()
    const ann = await join('ann')
    const bob = await world.tab(user('bob'))
    const published = bob.evaluate(
      ([channel]) =>
        new Promise((resolve, reject) => {
          const script = `
            importScripts('${url}/static/offhook.min.js')
            const client = offhook.connect('${url}', { cookieString: '${document.cookie}' })
            client.channel('${channel}').publish('from a worker').then(
              () => postMessage('done'), (error) => postMessage(error.code))`
          const worker = new Worker(URL.createObjectURL(new Blob([script])))
          worker.onmessage = ({ data }) => resolve(data)
          worker.onerror = reject
        }),
      [name],
    )
    expect(await published).toBe('done')
    await hears(ann, ['from a worker'])
  })

  test('the classic script falls back to comet, and never reconnects by itself', async () => {
    newRoom()
    world.network.blockUpgrades()
    const page = await world.tab(user('ann'))
    await page.evaluate(async (channel) => {
      globalThis.heard = []
      const conn = hookbox.connect(url)
      const opened = new Promise((resolve) => {
        conn.onOpen = resolve
      })
      conn.onClose = (...args: unknown[]) => heard.push(['closed', ...args])
      conn.onConnectionLost = (type) => heard.push(['lost', type])
      conn.onSubscribed = (_name, subscription) => {
        subscription.onPublish = ({ user, payload }) => heard.push([user, payload])
        subscription.publish({ text: 'é' })
      }
      conn.subscribe(channel)
      await opened
    }, name)
    await hears(page, [[user('ann'), { text: 'é' }]])
    await world.kill()
    await hears(page, [
      [user('ann'), { text: 'é' }],
      ['lost', 'ServerUnreachable'],
    ])
    await world.restart()
    await page.evaluate(async () => {
      heard.length = 0
      const conn = hookbox.connect(url)
      conn.onClose = (...args: unknown[]) => heard.push(['closed', ...args])
      conn.onOpen = () => conn.disconnect()
    })
    await hears(page, [['closed']])
  })
})
