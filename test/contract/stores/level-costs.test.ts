import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ChannelChange, Stores } from '../../../src/core/ports.ts'
import { type Database, levelDatabase } from '../../../src/stores/level/database.ts'
import { openStores } from '../../../src/stores/level/index.ts'
import { channelOf, createRoom, entry, marker, member, notice, toHead, upTo } from './fixtures.ts'

/** What was asked of a database: keys written, keys looked up, rows read. */
interface Book {
  written: string[]
  batches: number
  looked: number
  rows: number
}

/** A database that keeps a book. */
function counted(database: Database): { database: Database; book: Book } {
  const book: Book = { written: [], batches: 0, looked: 0, rows: 0 }
  return {
    book,
    database: {
      ...database,
      get: (key) => {
        book.looked += 1
        return database.get(key)
      },
      getMany: (keys) => {
        book.looked += keys.length
        return database.getMany(keys)
      },
      read: async (range) => {
        const rows = await database.read(range)
        book.rows += rows.length
        return rows
      },
      write: (writes) => {
        book.batches += 1
        for (const { key } of writes) book.written.push(key)
        return database.write(writes)
      },
    },
  }
}

const recovery = { recoveryEntries: 1000, recoverySeconds: 300 }
let folder: string
let stores: Stores
let book: Book

async function open(): Promise<void> {
  const subject = counted(levelDatabase(folder))
  stores = await openStores(subject.database, recovery)
  book = subject.book
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offhook-costs-'))
  await open()
})

afterEach(async () => {
  await stores.close()
  await rm(folder, { recursive: true, force: true })
})

async function makeRoom(name: string, members: number): Promise<void> {
  await channelOf(stores, name).create(createRoom())
  await channelOf(stores, name).done(upTo(members).map((n) => member('add', `user ${n}`)))
  await channelOf(stores, name).done([entry('p0')])
}

/** What a commit costs: its answer shows in the same book what it wrote and read. */
async function cost(name: string, changes: ChannelChange[]): Promise<object> {
  Object.assign(book, { written: [], looked: 0, rows: 0 })
  await channelOf(stores, name).done(changes)
  const kinds = book.written.map(kindOfKey).sort()
  return { kinds, looked: book.looked, rows: book.rows }
}

/** `l!e` for an entry, `c` for a channel's record (src/stores/level/keys.ts). */
function kindOfKey(key: string): string {
  const [kind = '', , part] = key.split('!')
  return kind === 'l' ? `l!${part}` : kind
}

const told = { change: 'notice', notice: notice('n') } as const

describe('in a room of ten thousand, as in one of two,', () => {
  beforeEach(async () => {
    await makeRoom('small', 2)
    await makeRoom('large', 10_000)
  })

  it('a message, with its author’s marker and its notice, costs the same', async () => {
    const plain = await cost('small', [entry('p1')])
    expect(plain).toMatchObject({ kinds: ['l!e'], rows: 0 })
    expect(await cost('large', [entry('p1')])).toEqual(plain)
    const whole = (id: string) => [entry('p2'), toHead('user 2'), { ...told, notice: notice(id) }]
    const small = await cost('small', whole('n1'))
    expect(small).toMatchObject({ kinds: ['c', 'l!e', 'l!m', 'n', 'q'], rows: 0 })
    // Who was not heard of for long is looked up: one member, not all.
    const large = (await cost('large', whole('n2'))) as { looked: number }
    expect(large).toEqual({ ...small, looked: large.looked })
    expect(large.looked).toBeLessThanOrEqual(2)
    expect(await cost('large', [...whole('n3')])).toEqual(small)
  })

  it('a marker costs the same', async () => {
    const small = await cost('small', [marker('user 1', 1)])
    expect(small).toMatchObject({ kinds: ['c', 'l!m'], rows: 0 })
    const large = (await cost('large', [marker('user 1', 1)])) as { looked: number }
    expect(large).toEqual({ ...small, looked: large.looked })
    expect(large.looked).toBeLessThanOrEqual(2)
  })

  it('the first message after a restart costs the same', async () => {
    await stores.close()
    await open()
    const small = await cost('small', [entry('p1'), toHead('user 2')])
    expect(await cost('large', [entry('p1'), toHead('user 2')])).toEqual(small)
  })

  it('a look at some members reads those only', async () => {
    Object.assign(book, { looked: 0, rows: 0 })
    const room = channelOf(stores, 'large')
    expect((await room.members({ users: ['user 1', 'user 9999', 'absent'] })).members).toHaveLength(
      2,
    )
    expect((await room.members({ limit: 10 })).members).toHaveLength(10)
    await room.snapshot()
    expect(book.looked).toBeLessThanOrEqual(3)
    expect(book.rows).toBeLessThanOrEqual(12)
  })

  it('members that memory has let go of are still right', async () => {
    const room = channelOf(stores, 'large')
    for (const n of upTo(100)) await room.done([marker(`user ${100 * n}`, 1)])
    await Promise.all(upTo(10_000).map((n) => room.done([marker(`user ${n}`, 1)])))
    const read: number[] = []
    let after: { after?: string } = {}
    for (;;) {
      const { members, next } = await room.members({ limit: 1000, ...after })
      read.push(...members.map((each) => each.marker.offset))
      if (next === undefined) break
      after = { after: next }
    }
    expect(read).toEqual(upTo(10_000).map(() => 1))
    await room.done([{ change: 'destroy' }])
    expect((await stores.channels.list({ limit: 9, member: 'user 5000' })).names).toEqual([])
    expect((await stores.channels.list({ limit: 9, member: 'user 1' })).names).toEqual(['small'])
  })
})

describe('commits that wait together', () => {
  const channels = upTo(50).map((n) => `channel ${n}`)
  const publishAll = () => channels.map((name) => channelOf(stores, name).done([entry('p')]))

  beforeEach(async () => {
    await Promise.all(channels.map((name) => channelOf(stores, name).create()))
    Object.assign(book, { written: [], batches: 0 })
  })

  it('are one batch of one put each', async () => {
    await Promise.all(publishAll())
    expect(book.batches).toBe(1)
    expect(book.written.map(kindOfKey)).toEqual(channels.map(() => 'l!e'))
  })

  it('are the next batch where they come while one is under way', async () => {
    const first = publishAll()
    while (book.batches === 0) await new Promise(setImmediate)
    const others = [...publishAll(), ...publishAll()]
    await Promise.all([...first, ...others])
    expect(book.batches).toBe(2)
  })

  it('are one batch where they come turn by turn, but none waits for a stream to end', async () => {
    const commits: Promise<unknown>[] = []
    for (const name of channels.slice(0, 4)) {
      commits.push(channelOf(stores, name).done([entry('p')]))
      await new Promise(setImmediate)
    }
    await Promise.all(commits)
    expect(book.batches).toBe(1)
    book.batches = 0
    const [one = '', other = ''] = channels
    const stream: Promise<unknown>[] = [channelOf(stores, one).done([entry('first')])]
    let turns = 0
    for (; book.batches === 0 && turns < 1000; turns += 1) {
      stream.push(channelOf(stores, other).done([entry(`more ${turns}`)]))
      await new Promise(setImmediate)
    }
    await Promise.all(stream)
    expect(turns).toBeLessThanOrEqual(9)
  })

  it('to one channel are a put per entry', async () => {
    const [name = ''] = channels
    for (const n of upTo(3))
      await channelOf(stores, name).done(upTo(100).map((m) => entry(`${n} ${m}`)))
    expect(book.batches).toBe(3)
    expect(book.written.map(kindOfKey)).toEqual(upTo(300).map(() => 'l!e'))
  })
})
