import { describe, expect, it } from 'vitest'
import type { ChannelChange, ChannelExpectation, MemberPage } from '../../../src/core/ports.ts'
import {
  awkwardNames,
  channelOf,
  committedOf,
  create,
  createRoom,
  entry,
  marker,
  member,
  notice,
  place,
  presence,
  publishDraft,
  start,
  toHead,
  upTo,
} from './fixtures.ts'
import type { StoresUnderTest } from './suite.ts'

/** Rooms: who is a member, how far each has read (spec/hipochat.md §7). */
export function describeRooms(subject: StoresUnderTest): void {
  const room = (name?: string) => channelOf(subject.stores(), name)
  const one = async (user: string, name?: string) =>
    (await room(name).members({ users: [user] })).members[0]
  const list = async (query: object) =>
    [...(await subject.stores().channels.list({ limit: 1000, ...query })).names].sort()

  describe('a room', () => {
    it('is made by its create, or of an existing channel, and may be closed and opened', async () => {
      const made = committedOf(await room().create(createRoom({ closed: true })))
      expect(made).toMatchObject({ room: { closed: true }, created: true, head: { version: 1 } })
      expect((await room().snapshot())?.room).toEqual({ closed: true, members: 0 })
      await room('plain').create()
      expect(await room('plain').snapshot()).not.toHaveProperty('room')
      const opened = await room('plain').done([{ change: 'room', closed: false }])
      expect(opened).toMatchObject({ room: { closed: false }, head: { version: 2 } })
      const same = await room('plain').done([{ change: 'room', closed: false }])
      expect(same.room).toBeUndefined()
      expect(same.head.version).toBe(2)
      await room('plain').done([{ change: 'room', closed: true }])
      expect((await room('plain').snapshot())?.room).toEqual({ closed: true, members: 0 })
    })

    it('tells a notice where the room has come to, where that is wanted', async () => {
      await room().create(createRoom())
      const about = { ...notice('n'), kind: 'push', body: '{"a":1}' } as const
      await room().done([entry('p')])
      await room().done([entry('q'), { change: 'notice', notice: about, tells: 'head' }])
      await room().done([{ change: 'notice', notice: { ...about, id: 'plain' } }])
      const due = await subject.stores().outbox.due({ now: start, limit: 9 })
      expect(due.map(({ body }) => JSON.parse(body))).toEqual([
        { a: 1, offset: 2, count: 2 },
        { a: 1 },
      ])
    })

    it('is other options to whoever expects those of the channel that it was', async () => {
      await room('plain').create()
      const before = (await room('plain').snapshot())?.optionsVersion ?? 0
      const made = await room('plain').done([{ change: 'room', closed: false }])
      expect(made.options).toMatchObject({ version: before + 1 })
      const stale = await room('plain').commit([entry('p')], { expect: { optionsVersion: before } })
      expect(stale).toEqual({ outcome: 'conflict', reason: 'options' })
      const closed = await room('plain').done([{ change: 'room', closed: true }])
      expect(closed.options).toBeUndefined()
    })

    it('has no more members than allowed', async () => {
      await room().create(createRoom())
      const add = (user: string) => ({ ...member('add', user), max: 2 }) as ChannelChange
      await room().done([add('ann'), add('bob'), add('ann')])
      await expect(room().commit([add('cid')])).rejects.toMatchObject({ code: 'too_many_members' })
      await room().done([member('remove', 'ann'), add('cid')])
      expect((await room().snapshot())?.room).toMatchObject({ members: 2 })
    })

    it('is what `room`, `member` and `admits` expect', async () => {
      const reason = async (expectation: ChannelExpectation, name?: string) => {
        const result = await room(name).commit([entry('p')], { expect: expectation })
        return result.outcome === 'conflict' ? result.reason : result.outcome
      }
      await room('plain').create()
      expect(await reason({ room: true }, 'plain')).toBe('not_room')
      expect(await reason({ member: 'ann' }, 'plain')).toBe('not_member')
      expect(await reason({ admits: 'ann' }, 'plain')).toBe('not_admitted')
      await room().create(createRoom())
      await room().done([member('add', 'ann'), member('remove', 'eve')])
      expect(await reason({ room: true, member: 'ann', admits: 'ann' })).toBe('committed')
      expect(await reason({ member: 'bob' })).toBe('not_member')
      expect(await reason({ admits: 'bob' })).toBe('committed')
      expect(await reason({ admits: 'eve' })).toBe('not_admitted')
      await room().done([{ change: 'room', closed: true }])
      expect(await reason({ admits: 'ann' })).toBe('committed')
      expect(await reason({ admits: 'bob' })).toBe('not_admitted')
      expect(await reason({ admits: 'eve' })).toBe('not_admitted')
      expect((await room().snapshot())?.head.offset).toBe(3)
    })

    it('is not empty while it has a member', async () => {
      await room().create(createRoom())
      await room().done([member('add', 'ann')])
      const destroy = () => room().commit([{ change: 'destroy' }], { expect: { empty: true } })
      expect(await destroy()).toEqual({ outcome: 'conflict', reason: 'occupied' })
      await room().done([presence('enter', 'bob', 1), presence('leave', 'bob', 2)])
      expect(await list({ abandoned: true })).toEqual([])
      await room().done([member('remove', 'ann')])
      expect(await list({ abandoned: true })).toEqual(['room'])
      expect((await destroy()).outcome).toBe('committed')
    })

    it('shows from where its history is shown, and how much was counted before', async () => {
      await room().create(create({ history_size: 3 }))
      const join = publishDraft('j', { kind: 'join', content: '' })
      const shownFrom = async () => (await room().snapshot({ limit: 0 }))?.shownFrom
      expect(await shownFrom()).toEqual(place(1, 0))
      await room().done([entry('p1'), { change: 'entry', draft: join }, entry('p2')])
      expect(await shownFrom()).toEqual(place(1, 0))
      await room().done([entry('p3')])
      expect(await shownFrom()).toEqual(place(2, 1))
      await room().done([entry('p4'), { change: 'room', closed: false }])
      expect(await shownFrom()).toEqual(place(3, 1))
      expect((await room().snapshot())?.shownFrom).toEqual(place(3, 1))
      await room().done([{ change: 'options', options: create({ history_size: 0 }).options }])
      expect(await shownFrom()).toEqual(place(6, 4))
    })

    it('shows that also of a long log, of which only publishes count', async () => {
      await room().create(createRoom({ closed: false }, { history_size: 300 }))
      await room().done([entry('p0')])
      await Promise.all(upTo(400).map((n) => room().done([entry(`p${n}`)])))
      expect((await room().snapshot({ limit: 1 }))?.shownFrom).toEqual(place(102, 101))
      await room('mixed').create(create({ history_size: 300 }))
      const leave = { change: 'entry', draft: publishDraft('l', { kind: 'leave', content: '' }) }
      await room('mixed').done([leave as ChannelChange])
      await Promise.all(upTo(400).map((n) => room('mixed').done([entry(`p${n}`)])))
      expect((await room('mixed').snapshot({ limit: 1 }))?.shownFrom).toEqual(place(102, 100))
    })
  })

  describe('members', () => {
    it('begin at the head, also where the same commit has moved it', async () => {
      await room().create(createRoom())
      await room().done([entry('p1'), entry('p2')])
      const done = await room().done([member('add', 'ann'), entry('p3'), member('add', 'bob')])
      expect(done.members).toEqual({ added: ['ann', 'bob'], removed: [] })
      expect(done.markers).toBeUndefined()
      expect(done.head).toMatchObject({ offset: 3, version: 2 })
      const at = (offset: number) => place(offset, offset)
      expect((await room().members({ users: ['bob', 'zoe', 'ann', 'bob'] })).members).toEqual([
        { user: 'bob', joinedAt: start, marker: at(3), left: at(3), away: at(3) },
        { user: 'ann', joinedAt: start, marker: at(2), left: at(2), away: at(2) },
      ])
      expect((await room().snapshot())?.room?.members).toBe(2)
    })

    it('are added once, and a second add changes nothing', async () => {
      await room().create(createRoom())
      await room().done([member('add', 'ann')])
      await room().done([entry('p1')])
      const before = await one('ann')
      const again = await room().done([{ ...member('add', 'ann'), at: start + 9 }])
      expect(again.members).toBeUndefined()
      expect(again.head.version).toBe(2)
      expect(await one('ann')).toEqual(before)
    })

    it('who were removed stay out until added again, and begin anew then', async () => {
      await room().create(createRoom())
      await room().done([member('add', 'ann'), entry('p1')])
      const gone = await room().done([member('remove', 'ann')])
      expect(gone.members).toEqual({ added: [], removed: ['ann'] })
      expect(gone.head.version).toBe(3)
      expect(await one('ann')).toBeUndefined()
      const enter = () => room().commit([], { expect: { admits: 'ann' } })
      expect(await enter()).toEqual({ outcome: 'conflict', reason: 'not_admitted' })
      const again = await room().done([member('remove', 'ann')])
      expect(again.members).toBeUndefined()
      expect(again.head.version).toBe(3)
      expect((await room().done([member('add', 'ann')])).members?.added).toEqual(['ann'])
      expect((await enter()).outcome).toBe('committed')
      expect((await one('ann'))?.marker).toEqual(place(1, 1))
    })

    it('who never were may be kept out too, of which nobody is told', async () => {
      await room().create(createRoom())
      const done = await room().done([member('remove', 'eve')])
      expect(done.members).toBeUndefined()
      expect(done.head.version).toBe(1)
      const enter = room().commit([member('add', 'eve')], { expect: { admits: 'eve' } })
      expect(await enter).toMatchObject({ reason: 'not_admitted' })
    })

    it('that come and go in one commit are told by the difference', async () => {
      await room().create(createRoom())
      const flash = await room().done([member('add', 'ann'), member('remove', 'ann')])
      expect(flash.members).toBeUndefined()
      await room().done([member('add', 'ann')])
      await room().done([entry('p1')])
      const back = await room().done([member('remove', 'ann'), member('add', 'ann')])
      expect(back.members).toBeUndefined()
      expect(back.markers).toEqual([{ user: 'ann', marker: place(1, 1) }])
      expect((await room().snapshot())?.room?.members).toBe(1)
      expect(await list({ member: 'ann' })).toEqual(['room'])
    })

    it('are only in rooms', async () => {
      await room().create()
      await expect(room().commit([entry('p'), member('add', 'ann')])).rejects.toThrow(TypeError)
      await room().done([marker('ann', 1), marker('ann', 1, 1, 'left')])
      expect(await room().members({ limit: 9 })).toEqual({ members: [] })
      expect(await room().members({ users: ['ann'] })).toEqual({ members: [] })
      expect(await room('absent').members({ limit: 9 })).toEqual({ members: [] })
      expect((await room().snapshot())?.head.offset).toBe(0)
    })

    it('come in pages, each once', async () => {
      await room().create(createRoom())
      const users = upTo(60).map((n) => `user ${n}`)
      await room().done(users.map((user) => member('add', user)))
      for (const limit of [7, 20, 60, 100]) {
        const found: string[] = []
        let page: MemberPage = { members: [] }
        do {
          page = await room().members({
            limit,
            ...(page.next !== undefined && { after: page.next }),
          })
          expect(page.members.length).toBeLessThanOrEqual(limit)
          found.push(...page.members.map(({ user }) => user))
        } while (page.next !== undefined)
        expect(found.sort()).toEqual([...users].sort())
      }
      await room().done([member('remove', 'user 7')])
      expect((await room().members({ limit: 100 })).members).toHaveLength(59)
    })

    it('with awkward names stay apart, in rooms with awkward names', async () => {
      for (const name of awkwardNames) {
        await room(name).create(createRoom({ closed: false, madeFor: name }))
        await room(name).done([member('add', name), member('remove', `${name}!`), entry('p1')])
      }
      for (const name of awkwardNames) {
        const { members } = await room(name).members({ limit: 99 })
        expect(members.map(({ user }) => user)).toEqual([name])
        expect((await room(name).members({ users: awkwardNames })).members).toEqual(members)
        expect(await list({ member: name })).toEqual([name])
        expect(await list({ madeFor: name })).toEqual([name])
      }
      await room('a').done(awkwardNames.map((name) => member('add', name)))
      await room('a').done([marker('😀', 1)])
      const page = await room('a').members({ limit: 99 })
      expect(page.members.map(({ user }) => user).sort()).toEqual([...awkwardNames].sort())
      const read = page.members.filter(({ marker: { offset } }) => offset === 1)
      expect(read).toHaveLength(awkwardNames.length - 1)
    })

    it('are forgotten with their room, and so is who was removed', async () => {
      await room().create(createRoom({ closed: false, madeFor: '["ann"]' }))
      const crowd = upTo(50).map((n) => member('add', `user ${n}`))
      await room().done([...crowd, member('remove', 'eve'), member('remove', 'user 9')])
      const { members, room: told } = await room().done([{ change: 'destroy' }])
      expect([members, told]).toEqual([undefined, undefined])
      expect(await list({ member: 'user 1' })).toEqual([])
      expect(await list({ member: 'user 50' })).toEqual([])
      expect(await list({ madeFor: '["ann"]' })).toEqual([])
      await room().create(createRoom())
      expect(await room().members({ limit: 9 })).toEqual({ members: [] })
      expect((await room().commit([], { expect: { admits: 'eve' } })).outcome).toBe('committed')
      expect((await room().snapshot())?.room?.members).toBe(0)
      await room().done([member('add', 'user 1')])
      expect(await list({ member: 'user 1' })).toEqual(['room'])
    })

    it('let exactly one of two racing adds count', async () => {
      await room().create(createRoom())
      const adds = await Promise.all(upTo(5).map(() => room().done([member('add', 'ann')])))
      expect(adds.filter(({ members }) => members !== undefined)).toHaveLength(1)
      const races = await Promise.all([
        room().commit([member('remove', 'ann')], { expect: { member: 'ann' } }),
        room().commit([member('remove', 'ann')], { expect: { member: 'ann' } }),
        room().commit([entry('p1')], { expect: { admits: 'ann' } }),
        room().commit([entry('p2')], { expect: { admits: 'bob' } }),
      ])
      expect(races.map(({ outcome }) => outcome)).toEqual([
        'committed',
        'conflict',
        'conflict',
        'committed',
      ])
      expect((await room().snapshot())?.room?.members).toBe(0)
    })

    it('are all or nothing with the rest of their commit', async () => {
      await room().create(createRoom())
      const limits = { bytes: 1, keys: 1 }
      const tooMuch: ChannelChange = {
        change: 'state',
        mode: 'patch',
        updates: [['a', '1']],
        deletes: [],
        limits,
      }
      await expect(
        room().commit([
          entry('p1'),
          member('add', 'ann'),
          { change: 'room', closed: true },
          tooMuch,
        ]),
      ).rejects.toMatchObject({ code: 'state_too_large' })
      expect(await room().snapshot()).toMatchObject({
        room: { closed: false, members: 0 },
        head: { offset: 0, version: 1 },
      })
      expect(await one('ann')).toBeUndefined()
      expect(await list({ member: 'ann' })).toEqual([])
    })
  })

  describe('read markers', () => {
    it('move forward only, to the head at most', async () => {
      await room().create(createRoom())
      await room().done([member('add', 'ann')])
      await Promise.all(upTo(5).map((n) => room().done([entry(`p${n}`)])))
      const moved = await room().done([marker('ann', 3)])
      expect(moved.markers).toEqual([{ user: 'ann', marker: place(3, 3) }])
      expect(moved.head.version).toBe(3)
      for (const offset of [3, 2, 0, -1]) {
        const stays = await room().done([marker('ann', offset, 5)])
        expect(stays.markers).toBeUndefined()
        expect(stays.head.version).toBe(3)
      }
      expect((await one('ann'))?.marker).toEqual(place(3, 3))
      const beyond = await room().done([marker('ann', 99, 99)])
      expect(beyond.markers).toEqual([{ user: 'ann', marker: place(5, 5) }])
      expect((await room().done([toHead('ann')])).markers).toBeUndefined()
    })

    it('cannot be given a count that is not possible', async () => {
      await room().create(createRoom())
      await room().done([member('add', 'ann'), member('add', 'bob')])
      await room().done(upTo(5).map((n) => entry(`p${n}`)))
      await room().done([marker('ann', 3, 0), marker('bob', 3, 77)])
      expect((await one('ann'))?.marker).toEqual(place(3, 3))
      expect((await one('bob'))?.marker).toEqual(place(3, 3))
    })

    it('keep their own count where not every entry counts', async () => {
      await room().create(createRoom())
      await room().done([member('add', 'ann')])
      const join = publishDraft('j', { kind: 'join', content: '' })
      await room().done([entry('p1'), { change: 'entry', draft: join }, entry('p2')])
      await room().done([marker('ann', 2, 1)])
      expect((await one('ann'))?.marker).toEqual(place(2, 1))
    })

    it('stand at an entry of their own commit where they ask for the head', async () => {
      await room().create(createRoom())
      await room().done([member('add', 'ann'), member('add', 'bob')])
      const said = { change: 'notice', notice: notice('n1') } as const
      const done = await room().done([entry('p1'), toHead('ann'), said])
      expect(done).toMatchObject({
        head: { offset: 1, version: 3 },
        markers: [{ user: 'ann', marker: place(1, 1) }],
      })
      expect((await one('bob'))?.marker).toEqual(place(0, 0))
      expect((await subject.stores().outbox.stats()).waiting).toBe(1)
      const talks = await Promise.all(
        upTo(9).map((n) => room().done([entry(`q${n}`), toHead(n % 2 ? 'ann' : 'bob')])),
      )
      for (const { head, markers } of talks)
        expect(markers?.[0]?.marker).toEqual(place(head.offset, head.count))
    })

    it('are told with a join only if they moved since', async () => {
      await room().create(createRoom())
      const done = await room().done([member('add', 'ann'), entry('p1'), toHead('ann')])
      expect(done.members?.added).toEqual(['ann'])
      expect(done.markers).toEqual([{ user: 'ann', marker: place(1, 1) }])
    })

    it('of others than members have no effect', async () => {
      await room().create(createRoom())
      await room().done([entry('p1'), member('remove', 'eve')])
      const done = await room().done([
        marker('ann', 1),
        marker('eve', 1),
        marker('ann', 1, 1, 'left'),
      ])
      expect(done.markers).toBeUndefined()
      expect(done.head.version).toBe(1)
      expect((await room().members({ limit: 9 })).members).toEqual([])
    })

    it('leave `left` alone, which moves by itself and is told to nobody', async () => {
      await room().create(createRoom())
      await room().done([member('add', 'ann')])
      await room().done([entry('p1'), entry('p2'), entry('p3')])
      await room().done([marker('ann', 3)])
      expect((await one('ann'))?.left).toEqual(place(0, 0))
      const done = await room().done([marker('ann', 2, 2, 'left')])
      expect(done.markers).toBeUndefined()
      expect(done.head.version).toBe(3)
      await room().done([marker('ann', 1, 1, 'left')])
      expect(await one('ann')).toMatchObject({ marker: place(3, 3), left: place(2, 2) })
      await room().done([marker('ann', 99, 0, 'left')])
      expect((await one('ann'))?.left).toEqual(place(3, 3))
      expect((await one('ann'))?.away).toEqual(place(0, 0))
      await room().done([marker('ann', 2, 2, 'away')])
      expect(await one('ann')).toMatchObject({ left: place(3, 3), away: place(2, 2) })
    })

    it('move with a leave only where it takes the user out, as notices are written', async () => {
      await room().create(createRoom())
      await room().done([member('add', 'ann'), entry('p1')])
      const leave = (generation: number, id: string) => [
        presence('leave', 'ann', generation),
        { ...marker('ann', 9, 9, 'away'), onlyAs: { leaves: 'ann' } },
        { change: 'notice', notice: notice(id), onlyAs: { leaves: 'ann' } } as const,
      ]
      await room().done(leave(1, 'never in'))
      expect((await one('ann'))?.away).toEqual(place(0, 0))
      await room().done([presence('enter', 'ann', 2)])
      await room().done(leave(3, 'out'))
      expect((await one('ann'))?.away).toEqual(place(1, 1))
      await room().done([entry('p2')])
      await room().done(leave(3, 'again'))
      expect((await one('ann'))?.away).toEqual(place(1, 1))
      const due = await subject.stores().outbox.due({ now: start, limit: 9 })
      expect(due.map(({ id }) => id)).toEqual(['out'])
    })

    it('tell with a leave since when the user had been in, unless the notice says later', async () => {
      await room().create(createRoom())
      await room().done([member('add', 'ann'), entry('p1')])
      const leave = (generation: number, id: string, body: object) => [
        presence('leave', 'ann', generation),
        {
          change: 'notice',
          notice: { ...notice(id), body: JSON.stringify(body) },
          tells: 'stay',
          onlyAs: { leaves: 'ann' },
        } as const,
      ]
      await room().done([presence('enter', 'ann', 1)])
      await room().done([entry('p2')])
      // A newer join of who is in is the same stay.
      await room().done([presence('enter', 'ann', 2)])
      await room().done(leave(3, 'n1', { a: 1 }))
      await room().done([entry('p3'), presence('enter', 'ann', 4)])
      await room().done([entry('p4')])
      await room().done(leave(5, 'n2', { from: 4 }))
      const due = await subject.stores().outbox.due({ now: start, limit: 9 })
      expect(due.map(({ body }) => JSON.parse(body))).toEqual([
        { a: 1, from: 1, offset: 2, count: 2 },
        { from: 4, offset: 4, count: 4 },
      ])
    })

    it('do not change what was handed out', async () => {
      await room().create(createRoom())
      const done = await room().done([member('add', 'ann'), entry('p1')])
      const page = await room().members({ limit: 9 })
      const before = JSON.stringify([done, page])
      await room().done([toHead('ann'), member('add', 'bob')])
      expect(JSON.stringify([done, page])).toBe(before)
    })
  })

  describe('lists of rooms', () => {
    it('find those of a member', async () => {
      for (const name of ['a', 'b', 'c']) await room(name).create(createRoom())
      await room('a').done([member('add', 'ann'), member('add', 'bob')])
      await room('b').done([member('add', 'ann')])
      await room('c').done([presence('enter', 'ann', 1), member('remove', 'ann')])
      expect(await list({ member: 'ann' })).toEqual(['a', 'b'])
      expect(await list({ member: 'an' })).toEqual([])
      const page = await subject.stores().channels.list({ limit: 1, member: 'ann' })
      const rest = { limit: 1, member: 'ann', after: page.next as string }
      expect((await subject.stores().channels.list(rest)).names).toHaveLength(1)
      await room('a').done([member('remove', 'ann')])
      expect(await list({ member: 'ann' })).toEqual(['b'])
      expect(await list({ member: 'bob' })).toEqual(['a'])
    })

    it('find the one that was made for a set of users, whatever became of its members', async () => {
      const small = JSON.stringify(['ann', 'bob'])
      const large = JSON.stringify(upTo(2000).map((n) => `user ${n}`))
      await room('small').create(createRoom({ closed: true, madeFor: small }))
      await room('large').create(createRoom({ closed: true, madeFor: large }))
      await room('open').create(createRoom())
      expect(await list({ madeFor: small })).toEqual(['small'])
      expect(await list({ madeFor: large })).toEqual(['large'])
      expect(await list({ madeFor: large.replace('user 7"', 'user x"') })).toEqual([])
      expect(await list({ madeFor: '[]' })).toEqual([])
      await room('small').done([member('add', 'zoe'), { change: 'room', closed: false }])
      expect(await list({ madeFor: small })).toEqual(['small'])
      expect(await list({ madeFor: small, member: 'zoe' })).toEqual(['small'])
      expect(await list({ madeFor: large, member: 'zoe' })).toEqual([])
      await room('large').done([{ change: 'destroy' }])
      expect(await list({ madeFor: large })).toEqual([])
    })
  })
}
