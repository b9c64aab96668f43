import { once } from 'node:events'
import { afterEach, expect, it } from 'vitest'
import { WebSocketServer } from 'ws'
import { CircleLoad } from '../../bench/scenarios/circle-load.ts'
import { clientFrame, NumberedFrame, serialPlace } from '../../bench/wire/client-frame.ts'
import { Link } from '../../bench/wire/link.ts'

const servers: WebSocketServer[] = []
const limits = { maxSends: 1000, maxMs: 10_000 }

afterEach(() => {
  for (const server of servers.splice(0)) {
    for (const ws of server.clients) ws.terminate()
    server.close()
  }
})

async function startServer(): Promise<{ server: WebSocketServer; port: number }> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  servers.push(server)
  await once(server, 'listening')
  return { server, port: (server.address() as { port: number }).port }
}

async function openLink(port: number): Promise<Link> {
  const link = new Link()
  await link.open(port, { path: '/', steps: [{ send: 'hello', await: 'welcome' }] })
  return link
}

/** Welcomes everybody; tells everybody what anybody else says. */
function tellEverybody(server: WebSocketServer): void {
  server.on('connection', (ws) => {
    ws.on('message', (data) => {
      const text = data.toString()
      if (text === 'hello') ws.send('welcome')
      else for (const other of server.clients) other.send(text)
    })
  })
}

it('counts every delivery of a real server, and stops by itself', async () => {
  const { server, port } = await startServer()
  tellEverybody(server)
  const links = await Promise.all(Array.from({ length: 5 }, () => openLink(port)))
  const frame = clientFrame(`~${'x'.repeat(1000)}`)
  const senders = links.map((link) => ({ link, next: () => frame }))
  const load = new CircleLoad([{ senders, receivers: links, expected: 25 }], {
    marker: '~',
    limits: { ...limits, maxSends: 20 },
  })
  load.start()
  await expect.poll(() => load.tally.count).toBe(20 * 25)
  await load.stop()
  expect(load.tally.count).toBe(20 * 25)
  for (const link of links) link.close()
})

it('fails when the server ends a link, and says what it said last', async () => {
  const { server, port } = await startServer()
  server.on('connection', (ws) => {
    ws.on('message', (data) => {
      if (data.toString() === 'hello') ws.send('welcome')
      else ws.send('too much', () => ws.terminate())
    })
  })
  const link = await openLink(port)
  const senders = [{ link, next: () => clientFrame('x') }]
  const circle = { senders, receivers: [link], expected: 1 }
  const load = new CircleLoad([circle], { marker: '~', limits })
  load.start()
  await expect(load.tally.failed).rejects.toThrow(/too much/)
})

it('does not open where the server has another answer', async () => {
  const { server, port } = await startServer()
  server.on('connection', (ws) => ws.on('message', () => ws.close(4000, 'no')))
  await expect(openLink(port)).rejects.toThrow(/welcome/)
})

it('numbers what it sends again and again', async () => {
  const { server, port } = await startServer()
  const texts: string[] = []
  server.on('connection', (ws) => {
    ws.on('message', (data) => {
      texts.push(data.toString())
      ws.send('welcome')
    })
  })
  const link = await openLink(port)
  const frame = new NumberedFrame(`id ${serialPlace}.`, 98)
  for (let i = 0; i < 3; i += 1) {
    link.send(frame.next())
    await expect.poll(() => texts.length).toBe(i + 2)
  }
  expect(texts.slice(1)).toEqual(['id 0000000098.', 'id 0000000099.', 'id 0000000100.'])
  link.close()
})
