import { setTimeout as sleep } from 'node:timers/promises'
import type { Running } from '../contenders/contender.ts'
import { residentBytes } from '../processes/proc.ts'
import { closeLinks, openLinks } from './open-links.ts'
import type { Outcome, Scenario, Turn } from './scenario.ts'
import { withServer } from './with-server.ts'

const cookieBytes = 1024
const warmUpLinks = 100
const membersPerChannel = 100
const quietMs = 1500
const collections = 3
const collectionMs = 400

/** What a server's memory grows by with each link that is subscribed and says nothing. */
export const memory: Scenario = {
  name: 'memory',
  title: ({ idleLinks }) => `Memory per idle subscribed connection, ${idleLinks} of them`,
  unit: 'KiB',
  counts: 'connection',
  run: (turn) =>
    withServer(turn, { channels: 'passing', memory: true }, (server) => run(server, turn)),
}

async function run(server: Running, turn: Turn): Promise<Outcome[]> {
  const { idleLinks } = turn.sizes
  // The first links make what all others share: code, pools, caches.
  closeLinks(await openIdle(server, warmUpLinks))
  const before = await quietBytes(server)
  const links = await openIdle(server, idleLinks)
  const after = await quietBytes(server)
  closeLinks(links)
  if (before === undefined || after === undefined) return []
  return [{ value: (after - before) / idleLinks / 1024 }]
}

function openIdle(server: Running, count: number) {
  const cookie = `Cookie: session=${'c'.repeat(cookieBytes - 'session='.length)}`
  return openLinks(server.port, count, (index) => {
    const opening = server.dialect.subscriber(`idle-${Math.floor(index / membersPerChannel)}`)
    return { ...opening, headers: [...(opening.headers ?? []), cookie] }
  })
}

async function quietBytes(server: Running): Promise<number | undefined> {
  await sleep(quietMs)
  for (let i = 0; i < collections; i += 1) {
    server.collectGarbage()
    await sleep(collectionMs)
  }
  return residentBytes(server.pid)
}
