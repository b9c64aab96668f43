import { describe, expect, it } from 'vitest'
import { Refusal } from '../../../src/core/errors.ts'
import type { ChannelChange } from '../../../src/core/ports.ts'
import {
  awkwardNames,
  channelOf,
  committedOf,
  create,
  entry,
  ids,
  notice,
  presence,
  publishDraft,
  start,
} from './fixtures.ts'
import type { StoresUnderTest } from './suite.ts'

const roomy = { bytes: 1000, keys: 100 }

function patch(updates: [string, string][], deletes: string[] = []): ChannelChange {
  return { change: 'state', mode: 'patch', updates, deletes, limits: roomy }
}

/** Commits: what they expect, what they change, what they answer. */
export function describeChannels(subject: StoresUnderTest): void {
  const room = (name?: string) => channelOf(subject.stores(), name)

  describe('channel commits', () => {
    it('create a channel and tell all about it', async () => {
      const made = committedOf(
        await room().create(create({}, { state: [['a', '1']], history: [publishDraft('p1')] })),
      )
      expect(made).toMatchObject({
        channel: 'room',
        prev: { epoch: 'e1', offset: 0, version: 0 },
        head: { epoch: 'e1', offset: 1, version: 1, count: 1 },
        state: { updates: [['a', '1']], deletes: [] },
        options: { version: 1, values: { history_size: 10 } },
        created: true,
      })
      const snapshot = await room().snapshot()
      expect(snapshot).toMatchObject({
        channel: 'room',
        head: made.head,
        optionsVersion: 1,
        state: [['a', '1']],
        presence: [],
        covered: true,
        everSubscribed: false,
      })
      expect(snapshot?.history).toEqual([
        { ...publishDraft('p1'), epoch: 'e1', offset: 1, count: 1 },
      ])
    })

    it('answer `gone` where there is no channel and `exists` where none was expected', async () => {
      expect(await room().commit([entry('p1')])).toEqual({ outcome: 'conflict', reason: 'gone' })
      await room().create()
      expect(await room().create()).toEqual({ outcome: 'conflict', reason: 'exists' })
    })

    it('answer a conflict and change nothing where the expectation does not hold', async () => {
      await room().create()
      const reason = async (expectation: object) =>
        await room().commit([entry('p1')], { expect: expectation })
      expect(await reason({ epoch: 'e0' })).toEqual({ outcome: 'conflict', reason: 'epoch' })
      expect(await reason({ optionsVersion: 2 })).toEqual({
        outcome: 'conflict',
        reason: 'options',
      })
      await room().done([presence('enter', 'ann', 1)])
      expect(await reason({ empty: true })).toEqual({ outcome: 'conflict', reason: 'occupied' })
      expect((await room().snapshot())?.head.offset).toBe(0)
      await room().done([presence('leave', 'ann', 2)])
      expect((await reason({ epoch: 'e1', optionsVersion: 1, empty: true })).outcome).toBe(
        'committed',
      )
    })

    it('let exactly one of two racing creates win', async () => {
      const results = await Promise.all([
        room().create(),
        room().create(create({}, { epoch: 'e2' })),
      ])
      expect(results.map((result) => result.outcome).sort()).toEqual(['committed', 'conflict'])
      expect((await room().snapshot())?.head.epoch).toBe('e1')
    })

    it('form one chain of heads, also when they race', async () => {
      const made = committedOf(await room().create())
      const results = await Promise.all([
        room().done([entry('p1')]),
        room().done([patch([['a', '1']])]),
        room().done([entry('p2'), presence('enter', 'ann', 1)]),
        room().done([entry('p3')]),
      ])
      let head = made.head
      for (const { prev, head: next } of results) {
        expect(prev).toEqual({ epoch: head.epoch, offset: head.offset, version: head.version })
        head = next
      }
      expect(head).toEqual({ epoch: 'e1', offset: 3, version: 3, count: 3 })
      expect(ids((await room().snapshot())?.history)).toEqual(['p1', 'p2', 'p3'])
    })

    it('count publishes but not joins and leaves', async () => {
      await room().create()
      const join = publishDraft('j1', { kind: 'join', content: '' })
      const { head, entries } = await room().done([
        entry('p1'),
        { change: 'enter', user: 'ann', generation: 1, at: start, entry: join },
        entry('p2'),
      ])
      expect(head).toMatchObject({ offset: 3, count: 2 })
      expect(entries.map(({ offset, count }) => [offset, count])).toEqual([
        [1, 1],
        [2, 1],
        [3, 2],
      ])
    })

    it('do all of their changes or none', async () => {
      await room().create()
      const tooMuch: ChannelChange = {
        change: 'state',
        mode: 'patch',
        updates: [['b', '"long"']],
        deletes: [],
        limits: { bytes: 3, keys: 10 },
      }
      await expect(
        room().commit([
          entry('p1'),
          patch([['a', '1']]),
          presence('enter', 'ann', 1),
          { change: 'notice', notice: notice('n1') },
          tooMuch,
        ]),
      ).rejects.toThrow(Refusal)
      expect(await room().snapshot()).toMatchObject({
        head: { offset: 0, version: 1 },
        state: [],
        presence: [],
      })
      expect(await subject.stores().outbox.stats()).toEqual({ waiting: 0, dead: 0 })
      expect((await room().done([entry('p2')])).head.offset).toBe(1)
    })

    it('keep an entry exactly as it was given', async () => {
      await room().create()
      const draft = publishDraft('p1', {
        type: 'text',
        omit: 'd'.repeat(32),
        author: { user: 'ännчат😀', name: 'Ann', info: '{"a":"\\n"}' },
        content: '{"text":"line\\n two\n three \u2028 😀"}',
        given: '["x"]',
      })
      const { entries } = await room().done([
        { change: 'entry', draft },
        entry('p2', { author: { user: null }, content: '', encoding: 'binary' }),
      ])
      expect(entries[0]).toEqual({ ...draft, epoch: 'e1', offset: 1, count: 1 })
      expect((await room().snapshot())?.history).toEqual(entries)
    })

    it('change state and report only what differs', async () => {
      await room().create(
        create(
          {},
          {
            state: [
              ['a', '1'],
              ['b', '2'],
            ],
          },
        ),
      )
      const done = await room().done([
        patch(
          [
            ['a', '1'],
            ['c', '3'],
          ],
          ['b', 'absent'],
        ),
      ])
      expect(done.state).toEqual({ updates: [['c', '3']], deletes: ['b'] })
      expect(done.head.version).toBe(2)
      const same = await room().done([patch([['a', '1']], ['b'])])
      expect(same.state).toBeUndefined()
      expect(same.head.version).toBe(2)
      const there = await room().done([patch([['t', '1']]), patch([], ['t'])])
      expect(there.state).toBeUndefined()
    })

    it('replace the whole state by difference', async () => {
      await room().create(
        create(
          {},
          {
            state: [
              ['a', '1'],
              ['b', '2'],
              ['__proto__', '3'],
            ],
          },
        ),
      )
      const replace: ChannelChange = {
        change: 'state',
        mode: 'replace',
        updates: [
          ['b', '2'],
          ['c', '4'],
        ],
        deletes: [],
        limits: roomy,
      }
      const { state } = await room().done([replace])
      expect(state?.updates).toEqual([['c', '4']])
      expect([...(state?.deletes ?? [])].sort()).toEqual(['__proto__', 'a'])
      expect(new Map((await room().snapshot())?.state)).toEqual(
        new Map([
          ['b', '2'],
          ['c', '4'],
        ]),
      )
    })

    it('refuse a state over its limits, counting UTF-8 bytes', async () => {
      await room().create()
      const set = (key: string, json: string, limits: { bytes: number; keys: number }) =>
        room().commit([
          { change: 'state', mode: 'patch', updates: [[key, json]], deletes: [], limits },
        ])
      await expect(set('é', '1', { bytes: 2, keys: 9 })).rejects.toMatchObject({
        code: 'state_too_large',
      })
      await set('é', '1', { bytes: 3, keys: 9 })
      await expect(set('b', '1', { bytes: 99, keys: 1 })).rejects.toMatchObject({
        code: 'state_too_large',
      })
      expect((await set('é', '2', { bytes: 3, keys: 1 })).outcome).toBe('committed')
    })

    it('give options a version of their own', async () => {
      await room().create()
      const options = create({ presenceful: true }).options
      const done = await room().done([{ change: 'options', options }])
      expect(done.options).toEqual({ version: 2, values: options })
      expect(done.head.version).toBe(2)
      const same = await room().done([{ change: 'options', options: { ...options } }])
      expect(same.options).toBeUndefined()
      expect(same.head.version).toBe(2)
      expect(await room().snapshot()).toMatchObject({ options, optionsVersion: 2 })
    })

    it('destroy a channel so that nothing of it is left', async () => {
      await room().create(create({}, { state: [['a', '1']], staticHistory: [publishDraft('s')] }))
      await room().done([
        entry('p1'),
        presence('enter', 'ann', 5),
        { change: 'claim', claim: claim() },
      ])
      const done = await room().commit([
        { change: 'destroy' },
        { change: 'notice', notice: notice('n1') },
      ])
      expect(done).toMatchObject({ committed: { destroyed: true, left: [], entries: [] } })
      expect(await room().snapshot()).toBeUndefined()
      expect(await room().history()).toEqual([])
      expect((await subject.stores().outbox.stats()).waiting).toBe(1)
      const again = committedOf(await room().create(create({ history_size: 5 })))
      expect(again.head).toEqual({ epoch: 'e1', offset: 0, version: 1, count: 0 })
      expect(await room().snapshot()).toMatchObject({ state: [], presence: [], history: [] })
      expect((await room().done([presence('enter', 'ann', 1)])).entered).toHaveLength(1)
      expect((await room().commit([{ change: 'claim', claim: claim() }])).outcome).toBe('committed')
      expect((await room().done([entry('p9')])).head.offset).toBe(1)
    })

    it('refuse more channels than allowed, in all and by one creator', async () => {
      const make = (
        name: string,
        limits: { channels: number; perCreator: number },
        createdBy?: string,
      ) => room(name).create(create({}, { limits, ...(createdBy && { createdBy }) }))
      await make('a', { channels: 2, perCreator: 1 }, 'ann')
      await expect(make('b', { channels: 9, perCreator: 1 }, 'ann')).rejects.toMatchObject({
        code: 'too_many_channels',
      })
      await make('b', { channels: 2, perCreator: 1 }, 'bob')
      await expect(make('c', { channels: 2, perCreator: 9 })).rejects.toMatchObject({
        code: 'too_many_channels',
      })
      expect(await room('c').snapshot()).toBeUndefined()
      await room('a').done([{ change: 'destroy' }])
      expect((await make('c', { channels: 2, perCreator: 1 }, 'ann')).outcome).toBe('committed')
    })

    it('keep awkward names apart', async () => {
      for (const name of awkwardNames) {
        await room(name).create(create({}, { state: [[name, JSON.stringify(name)]] }))
        await room(name).done([
          entry(`of ${name}`),
          presence('enter', name, 1),
          { change: 'claim', claim: { user: name, id: name, digest: name } },
        ])
      }
      for (const name of awkwardNames) {
        const snapshot = await room(name).snapshot()
        expect(snapshot?.channel).toBe(name)
        expect(ids(snapshot?.history)).toEqual([`of ${name}`])
        expect(snapshot?.state).toEqual([[name, JSON.stringify(name)]])
        expect(snapshot?.presence).toMatchObject([{ user: name, generation: 1 }])
      }
      await room('a').done([{ change: 'destroy' }])
      const { names } = await subject.stores().channels.list({ limit: 1000 })
      expect([...names].sort()).toEqual(awkwardNames.filter((name) => name !== 'a').sort())
    })

    it('leave what they handed out as it was', async () => {
      await room().create()
      const done = await room().done([
        entry('p1'),
        patch([['a', '1']]),
        presence('enter', 'ann', 1),
      ])
      const snapshot = await room().snapshot()
      const before = JSON.stringify([done, snapshot])
      await room().done([entry('p2'), patch([['a', '2']]), presence('enter', 'ann', 2)])
      await room().done([presence('leave', 'ann', 3)])
      expect(JSON.stringify([done, snapshot])).toBe(before)
    })
  })
}

function claim() {
  return { user: 'ann', id: 'x', digest: 'd' }
}
