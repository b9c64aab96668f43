import { describe, expect, it } from 'vitest'
import { defaultChannelOptions } from '../../../src/core/options.ts'
import type { NamePage } from '../../../src/core/ports.ts'
import {
  channelOf,
  committedOf,
  connect,
  create,
  entry,
  presence,
  start,
  subscribe,
  upTo,
  userOf,
} from './fixtures.ts'
import type { StoresUnderTest } from './suite.ts'

/** Reads every page. */
async function readAll(
  list: (query: { after?: string; limit: number }) => Promise<NamePage>,
  limit: number,
): Promise<string[]> {
  const names: string[] = []
  let after: string | undefined
  do {
    const page = await list({ limit, ...(after !== undefined && { after }) })
    expect(page.names.length).toBeLessThanOrEqual(limit)
    names.push(...page.names)
    after = page.next
  } while (after !== undefined)
  return names
}

/** Lists and `changed`. */
export function describeLists(subject: StoresUnderTest): void {
  const { polling } = defaultChannelOptions
  const channels = () => subject.stores().channels
  const users = () => subject.stores().users
  const room = (name: string) => channelOf(subject.stores(), name)

  describe('lists', () => {
    it('page through all channels and users once', async () => {
      const expected = upTo(60).map((n) => `room ${n}`)
      for (const name of expected) await room(name).create()
      for (const n of upTo(60)) await userOf(subject.stores(), `room ${n}`).done([connect(`c${n}`)])
      for (const limit of [7, 20, 60, 100]) {
        expect((await readAll((query) => channels().list(query), limit)).sort()).toEqual(
          [...expected].sort(),
        )
        expect((await readAll((query) => users().list(query), limit)).sort()).toEqual(
          [...expected].sort(),
        )
      }
    })

    it('find channels that poll', async () => {
      const simple = { ...polling, mode: 'simple' as const, url: 'http://x.test/' }
      await room('a').create(create({ polling: simple }))
      await room('b').create()
      const list = async () => (await channels().list({ limit: 9, polling: true })).names
      expect(await list()).toEqual(['a'])
      await room('b').done([{ change: 'options', options: create({ polling: simple }).options }])
      await room('a').done([{ change: 'options', options: create().options }])
      expect(await list()).toEqual(['b'])
      await room('b').done([{ change: 'destroy' }])
      expect(await list()).toEqual([])
    })

    it('find channels that watch a user', async () => {
      const watching = { server_presenceful: true, server_user_presence: ['ann', 'bob', 'ann'] }
      await room('a').create(create(watching))
      await room('b').create(create({ ...watching, server_presenceful: false }))
      const list = async (watches: string) => (await channels().list({ limit: 9, watches })).names
      expect(await list('ann')).toEqual(['a'])
      expect(await list('an')).toEqual([])
      const options = create({ ...watching, server_user_presence: ['bob'] }).options
      await room('a').done([{ change: 'options', options }])
      expect(await list('ann')).toEqual([])
      expect(await list('bob')).toEqual(['a'])
    })

    it('find channels that their last subscriber has left', async () => {
      await room('never').create()
      await room('left').create()
      await room('taken').create()
      for (const name of ['left', 'taken']) await room(name).done([presence('enter', 'ann', 1)])
      const list = async () => (await channels().list({ limit: 9, abandoned: true })).names
      expect(await list()).toEqual([])
      await room('left').done([presence('leave', 'ann', 2)])
      expect(await list()).toEqual(['left'])
      await room('left').done([presence('enter', 'ann', 3)])
      expect(await list()).toEqual([])
    })

    it('find users by node, connection and old intents', async () => {
      const ann = userOf(subject.stores(), 'ann')
      await ann.done([connect('c1', { node: 'n1' }), connect('c2', { node: 'n2' })])
      await userOf(subject.stores(), 'bob').done([connect('c3', { node: 'n1' })])
      const list = async (query: object) => (await users().list({ limit: 9, ...query })).names
      expect([...(await list({ node: 'n1' }))].sort()).toEqual(['ann', 'bob'])
      expect(await list({ node: 'n2' })).toEqual(['ann'])
      expect(await list({ node: 'n' })).toEqual([])
      expect(await list({ connection: 'c3' })).toEqual(['bob'])
      expect(await list({ connection: 'c1', node: 'n2' })).toEqual(['ann'])
      expect(await list({ connection: 'c3', node: 'n2' })).toEqual([])
      expect(await list({ intentsBefore: start + 1 })).toEqual([])
      const { version } = (await ann.done([subscribe('room')])).record
      expect(await list({ intentsBefore: start })).toEqual([])
      expect(await list({ intentsBefore: start + 1 })).toEqual(['ann'])
      await ann.done([{ change: 'confirm', channel: 'room', generation: version }])
      expect(await list({ intentsBefore: start + 1 })).toEqual([])
      await ann.done([{ change: 'disconnect', connection: 'c1', everywhere: false }])
      expect(await list({ node: 'n1' })).toEqual(['bob'])
      expect(await list({ connection: 'c1' })).toEqual([])
    })
  })

  describe('nodes', () => {
    it('are those that hold a connection of somebody', async () => {
      const odd = ['n1', 'n', 'n11', 'é!"']
      expect(await users().nodes()).toEqual([])
      for (const [index, node] of odd.entries()) {
        const changes = [connect(`a${index}`, { node }), connect(`b${index}`, { node })]
        await userOf(subject.stores(), `user ${index}`).done(changes)
        await userOf(subject.stores(), 'everywhere').done([connect(`c${index}`, { node })])
      }
      expect([...(await users().nodes())].sort()).toEqual([...odd].sort())
      for (const id of ['a1', 'b1', 'c1']) {
        const name = id === 'c1' ? 'everywhere' : 'user 1'
        const gone = { change: 'disconnect', connection: id, everywhere: false } as const
        await userOf(subject.stores(), name).done([gone])
      }
      expect([...(await users().nodes())].sort()).toEqual(['n1', 'n11', 'é!"'])
    })
  })

  describe('changed', () => {
    it('names what changed since the cursor, each once, with its head', async () => {
      await room('a').create()
      const begin = await channels().changed(undefined)
      expect(begin.places).toEqual(new Map())
      const b = committedOf(await room('b').create())
      await room('a').done([entry('p1')])
      const a = await room('a').done([entry('p2')])
      const next = await channels().changed(begin.cursor)
      expect(next.places).toEqual(
        new Map([
          ['a', a.head],
          ['b', b.head],
        ]),
      )
      expect((await channels().changed(next.cursor)).places).toEqual(new Map())
      const { head } = await room('b').done([{ change: 'destroy' }])
      expect((await channels().changed(next.cursor)).places).toEqual(new Map([['b', head]]))
    })

    it('names users too, with their versions', async () => {
      const { cursor } = await users().changed(undefined)
      const { record } = await userOf(subject.stores()).done([connect('c1')])
      expect((await users().changed(cursor)).places).toEqual(new Map([['ann', record.version]]))
    })

    it('says that anything may have changed where it does not know the cursor', async () => {
      expect((await channels().changed('nonsense')).places).toBe('all')
      expect((await users().changed('')).places).toBe('all')
    })
  })
}
