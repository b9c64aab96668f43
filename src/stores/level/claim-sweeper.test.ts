import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { defaultChannelOptions } from '../../core/options.ts'
import type { ChannelChange, Stores } from '../../core/ports.ts'
import { levelDatabase } from './database.ts'
import { openStores } from './index.ts'

const start = 1_790_000_000_000
const day = 24 * 60 * 60 * 1000
const cache = { channels: { entries: 2, weight: 1 }, users: { entries: 2, weight: 1 } }

const creation: ChannelChange = {
  change: 'create',
  epoch: 'e1',
  options: defaultChannelOptions,
  state: [],
  history: [],
  staticHistory: [],
  limits: { channels: 9, perCreator: 9 },
}

function commit(
  stores: Stores,
  channel: string,
  { now, change }: { now: number; change: ChannelChange },
) {
  const expect = change.change === 'create' ? { absent: true as const } : {}
  return stores.channels.commit(channel, { expect, changes: [change], now })
}

function claim(user: string, id: string): ChannelChange {
  return { change: 'claim', claim: { user, id, digest: id } }
}

it('deletes the old ids of users who never came back, and no others', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'offhook-sweeper-'))
  const database = levelDatabase(folder)
  const settings = { recoveryEntries: 1000, recoverySeconds: 300, cache }
  const stores = await openStores(database, settings)
  for (const channel of ['old', 'busy'])
    await commit(stores, channel, {
      now: start,
      change: creation,
    })
  const users = Array.from({ length: 30 }, (_, index) => `user ${index}`)
  await Promise.all(
    users.map((user) => commit(stores, 'old', { now: start, change: claim(user, 'x') })),
  )
  await commit(stores, 'old', { now: start + day, change: claim('young', 'x') })
  // One old id is claimed anew, while the sweep is under way or before.
  const claims = Array.from({ length: 3000 }, (_, index) => claim(`u${index % 7}`, `n${index}`))
  for (const each of claims) {
    const writing = commit(stores, 'busy', { now: start + day + 5, change: each })
    if (each === claims[500])
      await commit(stores, 'old', { now: start + day + 5, change: claim('user 7', 'x') })
    if (each === claims.at(-1) || claims.indexOf(each) % 50 === 0) await writing
  }
  await stores.close()
  await database.open()
  const old = await database.read({ gte: 'k!1!', lt: 'k!1"' })
  const busy = await database.read({ gte: 'k!2!', lt: 'k!2"' })
  await database.close()
  await rm(folder, { recursive: true, force: true })
  expect(
    old.map(([key]) => Buffer.from(key.split('!')[2] ?? '', 'base64url').toString()).sort(),
  ).toEqual(['user 7', 'young'])
  expect(busy).toHaveLength(3000)
})

it('rests after a round until an id that it has seen may be too old', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'offhook-sweeper-'))
  const database = levelDatabase(folder)
  let sweeps = 0
  const read: typeof database.read = (range) => {
    if (range.lt === 'k"') sweeps += 1
    return database.read(range)
  }
  const settings = { recoveryEntries: 1000, recoverySeconds: 300 }
  const stores = await openStores({ ...database, read }, settings)
  await commit(stores, 'room', { now: start, change: creation })
  const claimMany = async (now: number, count: number) => {
    const ids = Array.from({ length: count }, (_, n) => `${now}-${n}`)
    for (const id of ids) void commit(stores, 'room', { now, change: claim(id, 'x') })
    await commit(stores, 'room', { now, change: claim('last', `${now}`) })
  }
  for (let n = 0; n < 5; n += 1) await claimMany(start + n, 500)
  const first = sweeps
  for (let n = 0; n < 20; n += 1) await claimMany(start + day / 2 + n, 500)
  const resting = sweeps
  for (let n = 0; n < 20; n += 1) await claimMany(start + day + 100 + n, 500)
  const again = sweeps
  await stores.close()
  await rm(folder, { recursive: true, force: true })
  expect(first).toBeGreaterThan(0)
  expect(resting - first).toBeLessThanOrEqual(1)
  expect(again).toBeGreaterThan(resting + 5)
})
