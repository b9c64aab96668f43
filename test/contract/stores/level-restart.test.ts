import { spawn } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Failure } from '../../../src/core/errors.ts'
import { defaultChannelOptions } from '../../../src/core/options.ts'
import type { Stores } from '../../../src/core/ports.ts'
import { levelDatabase } from '../../../src/stores/level/database.ts'
import { checkFormat } from '../../../src/stores/level/format.ts'
import { openLevelStores } from '../../../src/stores/level/index.ts'
import {
  awkwardNames,
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
  place,
  presence,
  publishDraft,
  start,
  subscribe,
  toHead,
  upTo,
  userOf,
} from './fixtures.ts'

const recovery = { recoveryEntries: 1000, recoverySeconds: 300 }
let folder: string
let stores: Stores | undefined

async function open(more: { onProblem?: (problem: string) => void } = {}): Promise<Stores> {
  stores = await openLevelStores({ folder, ...recovery, ...more })
  return stores
}

async function restart(): Promise<Stores> {
  await stores?.close()
  return open()
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offhook-restart-'))
})

afterEach(async () => {
  await stores?.close()
  stores = undefined
  await rm(folder, { recursive: true, force: true })
})

describe('after a restart', () => {
  it('every channel is as it was', async () => {
    const before = await open()
    const polling = { ...defaultChannelOptions.polling, mode: 'simple' as const }
    for (const name of awkwardNames) {
      const room = channelOf(before, name)
      await room.create(
        create(
          { polling, history_size: 5 },
          {
            state: [
              ['a', '1'],
              ['é', '"\\n"'],
            ],
            createdBy: name,
          },
        ),
      )
      await room.done([presence('enter', 'zoe', 1), presence('enter', 'ann', 2)])
      await Promise.all(upTo(150).map((n) => room.done([entry(`p${n}`)])))
      await room.done([
        {
          change: 'state',
          mode: 'patch',
          updates: [['b', '2']],
          deletes: ['a'],
          limits: noStateLimits,
        },
      ])
    }
    const shown = async (from: Stores) =>
      Promise.all(
        awkwardNames.map(async (name) => {
          const snapshot = await channelOf(from, name).snapshot()
          return { ...snapshot, state: new Map(snapshot?.state) }
        }),
      )
    const expected = await shown(before)
    const after = await restart()
    expect(await shown(after)).toEqual(expected)
    const { names } = await after.channels.list({ limit: 99, polling: true })
    expect([...names].sort()).toEqual([...awkwardNames].sort())
    const room = channelOf(after, '}')
    expect((await room.snapshot({ since: { epoch: 'e1', offset: 3 } }))?.history).toHaveLength(147)
    expect((await room.done([entry('next')])).head).toMatchObject({ offset: 151, count: 151 })
  })

  it('static history, hidden history and an empty log are as they were', async () => {
    const before = await open()
    await channelOf(before, 'static').create(
      create({ history_size: 0 }, { staticHistory: [publishDraft('s1')] }),
    )
    await channelOf(before, 'empty').create()
    const hidden = channelOf(before, 'hidden')
    await hidden.create()
    await hidden.done([entry('p1'), entry('p2')])
    await hidden.done([{ change: 'history', entries: [publishDraft('h')], staticHistory: [] }])
    const after = await restart()
    expect(ids((await channelOf(after, 'static').snapshot())?.history)).toEqual(['s1'])
    expect((await channelOf(after, 'empty').snapshot())?.head.offset).toBe(0)
    expect(ids((await channelOf(after, 'hidden').snapshot())?.history)).toEqual(['h'])
  })

  it('publish ids are still known, complete and pending', async () => {
    const room = channelOf(await open())
    await room.create()
    await room.done([{ change: 'entry', draft: publishDraft('x'), claim: claimOf('x') }])
    await room.done([{ change: 'claim', claim: claimOf('y') }])
    await room.done([{ change: 'claim', claim: claimOf('z') }])
    await room.done([{ change: 'release', claim: claimOf('z') }])
    const again = channelOf(await restart())
    const outcome = async (id: string) => again.commit([{ change: 'claim', claim: claimOf(id) }])
    expect(await outcome('x')).toEqual({
      outcome: 'duplicate',
      position: { epoch: 'e1', offset: 1 },
      at: start,
    })
    expect(await outcome('y')).toEqual({ outcome: 'pending' })
    expect(await outcome('z')).toMatchObject({ outcome: 'committed' })
  })

  it('a late enter is still ignored', async () => {
    const room = channelOf(await open())
    await room.create()
    await room.done([presence('enter', 'ann', 5)])
    await room.done([presence('leave', 'ann', 9)])
    const again = channelOf(await restart())
    expect((await again.done([presence('enter', 'ann', 8)])).entered).toEqual([])
    expect((await stores?.channels.list({ limit: 9, abandoned: true }))?.names).toEqual(['room'])
  })

  it('a leave still tells since when its user had been in', async () => {
    const room = channelOf(await open())
    await room.create()
    await room.done([entry('p1'), entry('p2'), presence('enter', 'ann', 5)])
    const again = channelOf(await restart())
    const left = { change: 'notice', notice: notice('n'), onlyAs: { leaves: 'ann' } } as const
    await again.done([entry('p3'), presence('leave', 'ann', 9), { ...left, tells: 'stay' }])
    const [due] = (await stores?.outbox.due({ now: start, limit: 9 })) ?? []
    expect(JSON.parse(due?.body ?? '')).toMatchObject({ from: 2, offset: 3 })
  })

  it('rooms, members, markers and removals are as they were', async () => {
    const before = await open()
    const made = (name: string) => JSON.stringify([name, ...upTo(500).map((n) => `user ${n}`)])
    for (const name of awkwardNames) {
      const room = channelOf(before, name)
      await room.create(createRoom({ closed: true, madeFor: made(name) }))
      await room.done([member('add', 'ann'), member('add', name), member('add', 'bob')])
      await room.done([entry('p1'), toHead('ann'), entry('p2'), member('remove', 'bob')])
      await room.done([entry('p3'), marker(name, 2), marker(name, 1, 1, 'left')])
      await room.done([member('remove', 'eve')])
    }
    const shown = (from: Stores) =>
      Promise.all(
        awkwardNames.map(async (name) => {
          const room = channelOf(from, name)
          return [
            await room.snapshot(),
            await room.members({}),
            await room.members({ users: [name] }),
          ]
        }),
      )
    const expected = await shown(before)
    const after = await restart()
    expect(await shown(after)).toEqual(expected)
    for (const name of awkwardNames) {
      const room = channelOf(after, name)
      expect((await after.channels.list({ limit: 9, madeFor: made(name) })).names).toEqual([name])
      expect((await after.channels.list({ limit: 99, member: name })).names).toContain(name)
      await room.done([{ change: 'room', closed: false }])
      for (const user of ['bob', 'eve']) {
        const enter = await room.commit([], { expect: { admits: user } })
        expect(enter).toMatchObject({ reason: 'not_admitted' })
      }
      const read = await room.done([marker('ann', 2)])
      expect(read.markers).toEqual([{ user: 'ann', marker: place(2, 2) }])
      expect((await room.members({ users: [name] })).members[0]).toMatchObject({
        marker: place(2, 2),
        left: place(1, 1),
        away: place(0, 0),
      })
    }
    await channelOf(after, 'a').done([{ change: 'destroy' }])
    expect((await after.channels.list({ limit: 99, member: 'a' })).names).toEqual([])
  })

  it('the dead are listed and go on dying in their order', async () => {
    const before = await open()
    await channelOf(before).create()
    const names = ['c', 'a', 'd', 'b']
    await channelOf(before).done(
      names.map((id) => ({ change: 'notice', notice: notice(id) }) as const),
    )
    for (const id of ['c', 'a']) await before.outbox.settle(id, { result: 'dead' })
    const dead = async (outbox: Stores['outbox']) => ids((await outbox.dead({ limit: 9 })).notices)
    const middle = await restart()
    expect(await dead(middle.outbox)).toEqual(['a', 'c'])
    await middle.outbox.settle('d', { result: 'dead' })
    expect(await middle.outbox.replay('a')).toBe(true)
    await middle.outbox.replace(['b'], [notice('e')])
    const after = await restart()
    expect(await dead(after.outbox)).toEqual(['d', 'c'])
    expect(await after.outbox.stats()).toEqual({ waiting: 2, dead: 2 })
    expect(ids(await after.outbox.due({ now: Date.now(), limit: 9 })).sort()).toEqual(['a', 'e'])
  })

  it('users and notices are as they were', async () => {
    const before = await open()
    await userOf(before).done([connect('c1')])
    await userOf(before).done([subscribe('room')])
    await userOf(before, 'gone').done([connect('c2')])
    const gone = await userOf(before, 'gone').done([
      { change: 'disconnect', connection: 'c2', everywhere: false, notice: notice('n1') },
    ])
    await channelOf(before).create()
    await channelOf(before).done(
      ['n2', 'n3'].map((id) => ({ change: 'notice', notice: notice(id) }) as const),
    )
    await before.outbox.settle('n2', { result: 'dead' })
    await before.outbox.settle('n3', { result: 'retry', due: start + 5 })
    const record = await userOf(before).snapshot()
    const after = await restart()
    expect(await userOf(after).snapshot()).toEqual(record)
    expect((await after.users.list({ limit: 9, connection: 'c1' })).names).toEqual(['ann'])
    expect(await after.outbox.stats()).toEqual({ waiting: 2, dead: 1 })
    const due = await after.outbox.due({ now: start + 5, limit: 9 })
    expect(due.map(({ id, tries }) => [id, tries])).toEqual([
      ['n1', 0],
      ['n3', 1],
    ])
    const back = await userOf(after, 'gone').done([connect('c3')], start - 9_999_999)
    expect(back.record.version).toBeGreaterThan(gone.record.version)
  })

  it('channels are still counted, and destroyed ones are gone from the disk', async () => {
    const before = await open()
    for (const name of ['a', 'b'])
      await channelOf(before, name).create(create({}, { createdBy: 'ann' }))
    await channelOf(before, 'a').done(upTo(50).map((n) => entry(`p${n}`)))
    await channelOf(before, 'a').done([{ change: 'destroy' }])
    const after = await restart()
    const limits = { ...noLimits, perCreator: 1 }
    const refused = channelOf(after, 'c').create(create({}, { createdBy: 'ann', limits }))
    await expect(refused).rejects.toMatchObject({ code: 'too_many_channels' })
    const full = channelOf(after, 'c').create(create({}, { limits: { ...noLimits, channels: 1 } }))
    await expect(full).rejects.toMatchObject({ code: 'too_many_channels' })
    await channelOf(after, 'b').done([{ change: 'destroy' }])
    await channelOf(after, 'c').create(create({}, { createdBy: 'ann', limits }))
    await after.close()
    // What a stop has cut short goes on with the next start.
    await (await open()).close()
    stores = undefined
    const database = levelDatabase(folder)
    await database.open()
    const logs = await database.read({ gte: 'l!1!', lt: 'l!1"' })
    await database.close()
    expect(logs).toEqual([])
  })

  it('a cursor of before is not taken for one of now', async () => {
    const { cursor } = await (await open()).channels.changed(undefined)
    expect((await (await restart()).channels.changed(cursor)).places).toBe('all')
  })
})

const noStateLimits = { bytes: 10_000, keys: 100 }

describe('kill -9', () => {
  it('loses no acknowledged append and doubles none, ten times over', {
    timeout: 120_000,
  }, async () => {
    const acknowledged = new Map<string, number>()
    for (const round of upTo(10)) {
      await runUntilKilled(round, acknowledged)
      const room = channelOf(await open(), 'room')
      const kept = await room.history({ scope: 'recovery', limit: 1_000_000 })
      await stores?.close()
      stores = undefined
      const offsets = new Map(kept.map((each) => [each.id, each.offset]))
      expect(offsets.size).toBe(kept.length)
      expect(kept.map(({ offset }) => offset)).toEqual(upTo(kept.length))
      for (const [id, offset] of acknowledged) expect([id, offsets.get(id)]).toEqual([id, offset])
    }
    expect(acknowledged.size).toBeGreaterThan(100)
  })
})

/** Lets a process append, and kills it after a number of acknowledgements that differs from round to round. */
async function runUntilKilled(round: number, acknowledged: Map<string, number>): Promise<void> {
  const script = new URL('./append-until-killed.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [script, folder, `r${round}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let rest = ''
  let count = 0
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      const lines = `${rest}${chunk}`.split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        const [id = '', offset] = line.split(' ')
        acknowledged.set(id, Number(offset))
        count += 1
      }
      if (count > 20 + round * 37) child.kill('SIGKILL')
    })
    child.on('error', reject)
    child.on('close', (_code, signal) => {
      if (signal === 'SIGKILL') resolve()
      else reject(new Error('the child ended by itself'))
    })
  })
}

describe('a folder', () => {
  it('that another process holds is refused with its reason', async () => {
    await open()
    await expect(openLevelStores({ folder, ...recovery })).rejects.toThrow(
      `the folder ${folder} is in use by another process`,
    )
    await expect(openLevelStores({ folder, ...recovery })).rejects.toThrow(Failure)
    expect((await channelOf(stores as Stores).create()).outcome).toBe('committed')
  })

  it('is for its owner only', async () => {
    folder = join(folder, 'deep', 'data')
    await channelOf(await open()).create()
    expect((await stat(folder)).mode & 0o777).toBe(0o700)
    for (const file of await readdir(folder))
      expect((await stat(join(folder, file))).mode & 0o077).toBe(0)
  })

  it('that is looser than that is a warning, and its files are made tight', async () => {
    folder = join(folder, 'loose')
    await mkdir(folder)
    await chmod(folder, 0o755)
    const problems: string[] = []
    await open({ onProblem: (problem) => problems.push(problem) })
    expect(problems).toEqual([expect.stringContaining(`chmod 700`)])
    expect(problems[0]).toContain(folder)
  })

  it('that cannot be made is a failure that says why', async () => {
    const file = join(folder, 'file')
    await writeFile(file, '')
    const opening = openLevelStores({ folder: join(file, 'data'), ...recovery })
    await expect(opening).rejects.toThrow(/the data folder .*data cannot be used: ENOTDIR/)
  })
})

describe('the format', () => {
  const withDatabase = async (
    act: (database: ReturnType<typeof levelDatabase>) => Promise<void>,
  ) => {
    const database = levelDatabase(folder)
    await database.open()
    await act(database).finally(() => database.close())
  }

  it('of a newer version is refused, naming both versions', async () => {
    await open().then((opened) => opened.close())
    stores = undefined
    await withDatabase((database) =>
      database.write([{ type: 'put', key: 'format', value: '{"v":4}' }]),
    )
    await expect(open()).rejects.toThrow(/format version 4, .*versions up to 3/)
    await expect(open()).rejects.toThrow(Failure)
  })

  it('of an older version is migrated step by step, and goes on where it was cut short', async () => {
    await withDatabase(async (database) => {
      await database.write([
        { type: 'put', key: 'format', value: '{"v":0}' },
        { type: 'put', key: 'old', value: 'x' },
      ])
      const ran: string[] = []
      let failing = true
      const migrations = new Map([
        [
          0,
          async () => {
            ran.push('0 to 1')
            await database.write([{ type: 'put', key: 'new', value: 'x' }])
          },
        ],
        [
          1,
          async () => {
            ran.push('1 to 2')
            if (failing) throw new Error('cut short')
          },
        ],
      ])
      await expect(checkFormat(database, { current: 2, migrations })).rejects.toThrow('cut short')
      failing = false
      await checkFormat(database, { current: 2, migrations })
      expect(ran).toEqual(['0 to 1', '1 to 2', '1 to 2'])
      expect(await database.get('format')).toBe('{"v":2}')
      expect(await database.get('new')).toBe('x')
      await checkFormat(database, { current: 2, migrations })
      expect(ran).toHaveLength(3)
    })
  })

  it('of version 1 is read as it is, its dead notices in some order', async () => {
    const before = await open()
    const room = channelOf(before)
    await room.create()
    await room.done(
      ['a', 'b', 'c'].map((id) => ({ change: 'notice', notice: notice(id) }) as const),
    )
    for (const id of ['b', 'a']) await before.outbox.settle(id, { result: 'dead' })
    await room.done([entry('p1'), presence('enter', 'ann', 1)])
    const snapshot = await room.snapshot()
    await before.close()
    stores = undefined
    // What version 1 wrote: no order of the dead.
    await withDatabase(async (database) => {
      const places = await database.read({ gte: 'y!', lt: 'y"' })
      await database.write([
        { type: 'put', key: 'format', value: '{"v":1}' },
        ...places.map(([key]) => ({ type: 'del', key }) as const),
      ])
    })
    const after = await open()
    expect(await channelOf(after).snapshot()).toEqual(snapshot)
    expect(await after.outbox.stats()).toEqual({ waiting: 1, dead: 2 })
    expect(ids((await after.outbox.dead({ limit: 9 })).notices).sort()).toEqual(['a', 'b'])
    await after.outbox.settle('c', { result: 'dead' })
    expect(ids((await after.outbox.dead({ limit: 1 })).notices)).toEqual(['c'])
    expect(await after.outbox.replay('a')).toBe(true)
    await channelOf(after).done([{ change: 'room', closed: true }, member('add', 'ann')])
    await after.close()
    stores = undefined
    await withDatabase(async (database) => {
      expect(await database.get('format')).toBe('{"v":3}')
      // Cut short behind the step: it runs again and finds everything done.
      await database.write([{ type: 'put', key: 'format', value: '{"v":1}' }])
    })
    const again = await open()
    expect(ids((await again.outbox.dead({ limit: 9 })).notices)).toEqual(['c', 'b'])
    expect((await channelOf(again).snapshot())?.room).toEqual({ closed: true, members: 1 })
  })

  it('of an older version without a step is refused', async () => {
    await withDatabase(async (database) => {
      await database.write([{ type: 'put', key: 'format', value: '{"v":0}' }])
      await expect(checkFormat(database)).rejects.toThrow(/format version 0/)
    })
  })

  it('of somebody else’s database is refused', async () => {
    await withDatabase((database) => database.write([{ type: 'put', key: 'a', value: 'b' }]))
    await expect(open()).rejects.toThrow('not Offhook’s')
  })
})
