import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Failure } from '../../../src/core/errors.ts'
import type { Stores } from '../../../src/core/ports.ts'
import { type Database, levelDatabase } from '../../../src/stores/level/database.ts'
import { openStores } from '../../../src/stores/level/index.ts'
import {
  channelOf,
  claimOf,
  connect,
  create,
  createRoom,
  entry,
  ids,
  marker,
  member,
  noLimits,
  notice,
  presence,
  publishDraft,
  start,
  subscribe,
  upTo,
  userOf,
} from './fixtures.ts'

/** How writes end: `torn` reaches the disk and fails all the same. */
type Mode = 'works' | 'fails' | 'torn' | 'held'

/** A database whose writes can be made to fail or wait. */
function brittle(database: Database) {
  const state = { mode: 'works' as Mode, opens: 0, failOpen: false }
  let release: () => void = () => undefined
  const write: Database['write'] = async (writes) => {
    if (state.mode === 'held') {
      await new Promise<void>((resolve) => {
        release = resolve
      })
    }
    if (state.mode === 'fails') throw new Failure('store', 'no space left on device')
    await database.write(writes)
    if (state.mode === 'torn') throw new Failure('store', 'the disk was pulled')
  }
  const open = async () => {
    state.opens += 1
    if (state.failOpen) throw new Failure('store', 'still no space')
    await database.open()
  }
  // Answered within the turn, so that tests know when a read is through.
  const getMany: Database['getMany'] = async (keys) => keys.map((key) => database.getSync(key))
  return { database: { ...database, write, open, getMany }, state, release: () => release() }
}

let folder: string
let stores: Stores
let disk: ReturnType<typeof brittle>

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offhook-failure-'))
  disk = brittle(levelDatabase(folder))
  stores = await openStores(disk.database, { recoveryEntries: 1000, recoverySeconds: 300 })
})

afterEach(async () => {
  disk.state.mode = 'works'
  disk.state.failOpen = false
  disk.release()
  await stores.close()
  await rm(folder, { recursive: true, force: true })
})

describe('a failed batch', () => {
  it('rejects all that was in it and leaves no trace in memory', async () => {
    const room = channelOf(stores)
    await room.create()
    await room.done([entry('p1'), presence('enter', 'ann', 1)])
    const before = await room.snapshot()
    disk.state.mode = 'fails'
    const failing = [
      room.commit([entry('p2'), { change: 'claim', claim: claimOf('x') }]),
      room.commit([presence('leave', 'ann', 2), { change: 'notice', notice: notice('n1') }]),
      channelOf(stores, 'other').create(create({}, { createdBy: 'ann' })),
      userOf(stores).commit([connect('c1')]),
    ]
    for (const result of await Promise.allSettled(failing))
      expect(result).toMatchObject({ status: 'rejected', reason: { stage: 'store' } })
    disk.state.mode = 'works'
    expect(await room.snapshot()).toEqual(before)
    expect(await channelOf(stores, 'other').snapshot()).toBeUndefined()
    expect(await userOf(stores).snapshot()).toBeUndefined()
    expect(await stores.outbox.stats()).toEqual({ waiting: 0, dead: 0 })
    expect((await room.done([entry('p3')])).head.offset).toBe(2)
    expect((await room.commit([{ change: 'claim', claim: claimOf('x') }])).outcome).toBe(
      'committed',
    )
    const limits = { ...noLimits, perCreator: 1 }
    const made = channelOf(stores, 'other').create(create({}, { createdBy: 'ann', limits }))
    expect((await made).outcome).toBe('committed')
    expect((await userOf(stores).done([connect('c1')])).first).toBe(true)
  })

  it('leaves members, markers and dead notices as they were', async () => {
    const room = channelOf(stores)
    await room.create(createRoom())
    await room.done([member('add', 'ann'), entry('p1'), entry('p2')])
    await room.done(
      ['n1', 'n2', 'n3'].map((id) => ({ change: 'notice', notice: notice(id) }) as const),
    )
    await stores.outbox.settle('n1', { result: 'dead' })
    const shown = async () => [
      await room.snapshot(),
      await room.members({}),
      await stores.outbox.dead({ limit: 9 }),
      await stores.outbox.due({ now: start, limit: 9 }),
    ]
    const before = await shown()
    disk.state.mode = 'fails'
    const failing = [
      room.commit([marker('ann', 1), member('add', 'bob')]),
      room.commit([member('remove', 'ann'), { change: 'room', closed: true }]),
      stores.outbox.replay('n1'),
      stores.outbox.replace(['n2'], [notice('n4')]),
      stores.outbox.settle('n3', { result: 'dead' }),
    ]
    for (const { status } of await Promise.allSettled(failing)) expect(status).toBe('rejected')
    disk.state.mode = 'works'
    expect(await shown()).toEqual(before)
    expect(await stores.outbox.stats()).toEqual({ waiting: 2, dead: 1 })
    expect((await room.done([marker('ann', 1)])).markers).toHaveLength(1)
    expect((await stores.channels.list({ limit: 9, member: 'bob' })).names).toEqual([])
    expect(await stores.outbox.replay('n1')).toBe(true)
  })

  it('rejects what was evaluated on top of it, and what rests on it', async () => {
    const room = channelOf(stores)
    await room.create()
    disk.state.mode = 'held'
    const inBatch = room.commit([
      { change: 'entry', draft: publishDraft('x'), claim: claimOf('x') },
    ])
    await nextTurns()
    const onTop = room.commit([entry('p2')])
    const duplicate = room.commit([{ change: 'claim', claim: claimOf('x') }])
    const conflict = room.create()
    const reading = room.snapshot()
    disk.state.mode = 'fails'
    disk.release()
    const results = await Promise.allSettled([inBatch, onTop, duplicate, reading])
    expect(results.map(({ status }) => status)).toEqual(Array(4).fill('rejected'))
    await expect(conflict).rejects.toThrow(Failure)
    disk.state.mode = 'works'
    expect((await room.snapshot())?.head.offset).toBe(0)
    expect((await room.done([entry('p3')])).head.offset).toBe(1)
  })

  it('that reached the disk all the same is not done twice by a retry', async () => {
    const room = channelOf(stores)
    await room.create()
    disk.state.mode = 'torn'
    const publish = () =>
      room.commit([{ change: 'entry', draft: publishDraft('x'), claim: claimOf('x') }])
    await expect(publish()).rejects.toThrow(Failure)
    disk.state.mode = 'works'
    expect((await publish()).outcome).toBe('duplicate')
    expect(ids((await room.snapshot())?.history)).toEqual(['x'])
  })

  it('is over as soon as the database opens again, without a restart', async () => {
    const room = channelOf(stores)
    await room.create()
    disk.state.mode = 'fails'
    disk.state.failOpen = true
    await expect(room.commit([entry('p1')])).rejects.toThrow('no space left')
    await expect(room.commit([entry('p2')])).rejects.toThrow('still no space')
    await expect(room.snapshot()).rejects.toThrow(Failure)
    await expect(stores.check()).rejects.toThrow('still no space')
    await expect(stores.channels.list({ limit: 1 })).rejects.toThrow(Failure)
    await expect(userOf(stores).snapshot()).rejects.toThrow(Failure)
    await expect(stores.outbox.due({ now: start, limit: 1 })).rejects.toThrow(Failure)
    disk.state.failOpen = false
    disk.state.mode = 'works'
    const results = await Promise.all(['p3', 'p4', 'p5'].map((id) => room.done([entry(id)])))
    expect(results.map(({ head }) => head.offset)).toEqual([1, 2, 3])
    await stores.check()
  })

  it('can be followed by a close', async () => {
    disk.state.mode = 'fails'
    await expect(channelOf(stores).create()).rejects.toThrow(Failure)
    await stores.close()
    await expect(channelOf(stores).create()).rejects.toThrow('closed')
    await expect(channelOf(stores).snapshot()).rejects.toThrow('closed')
  })
})

describe('what is not on disk yet', () => {
  it('is neither acknowledged nor readable', async () => {
    const room = channelOf(stores)
    await room.create(createRoom())
    disk.state.mode = 'held'
    const order: string[] = []
    const note = (name: string) => () => {
      order.push(name)
    }
    const calls = [
      room.done([entry('p1')]).then(note('commit')),
      room.snapshot().then(note('snapshot')),
      room.history().then(note('history')),
      room.members({}).then(note('members')),
      room.members({ users: ['ann'] }).then(note('member')),
      userOf(stores)
        .done([connect('c1')])
        .then(note('user')),
    ]
    await nextTurns()
    expect((await stores.users.list({ limit: 9 })).names).toEqual([])
    expect(order).toEqual([])
    disk.state.mode = 'works'
    disk.release()
    await Promise.all(calls)
    expect([...order].sort()).toEqual([
      'commit',
      'history',
      'member',
      'members',
      'snapshot',
      'user',
    ])
    expect(order[0]).toBe('commit')
  })

  it('stays in memory, however many members are looked up meanwhile', async () => {
    const room = channelOf(stores)
    await room.create(createRoom())
    await room.done(upTo(2100).map((n) => member('add', `user ${n}`)))
    await room.done(upTo(3).map((n) => entry(`p${n}`)))
    disk.state.mode = 'held'
    const moved = room.done([marker('user 1', 3)])
    await nextTurns()
    const others = [room.done([member('add', 'late')]), room.done([marker('absent', 1)])]
    await nextTurns()
    const back = room.done([marker('user 1', 2)])
    await nextTurns()
    disk.state.mode = 'works'
    disk.release()
    await Promise.all(others)
    expect((await moved).markers).toHaveLength(1)
    expect((await back).markers).toBeUndefined()
    expect((await room.members({ users: ['user 1'] })).members[0]?.marker.offset).toBe(3)
  })

  it('is waited for by close', async () => {
    const room = channelOf(stores)
    await room.create()
    const last = room.done([entry('p1')])
    const user = userOf(stores).done([connect('c1')])
    await Promise.all([stores.close(), last, user])
    stores = await openStores(disk.database, { recoveryEntries: 1000, recoverySeconds: 300 })
    expect(ids((await channelOf(stores).snapshot())?.history)).toEqual(['p1'])
    expect((await userOf(stores).done([subscribe('room')])).record.connections).toHaveLength(1)
  })
})

/** Long enough for whatever needs no disk. */
async function nextTurns(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1)
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
}
