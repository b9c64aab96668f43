import { describe, expect, it } from 'vitest'
import { defaultUserOptions } from '../../../src/core/options.ts'
import { awkwardNames, connect, notice, start, subscribe, userOf } from './fixtures.ts'
import type { StoresUnderTest } from './suite.ts'

/** Users: connections, subscriptions, intents. */
export function describeUsers(subject: StoresUnderTest): void {
  const ann = (name?: string) => userOf(subject.stores(), name)
  const disconnect = (connection: string, more: object = {}) => ({
    change: 'disconnect' as const,
    connection,
    everywhere: false,
    ...more,
  })
  const confirm = (channel: string, generation: number, joined?: number) => ({
    change: 'confirm' as const,
    channel,
    generation,
    ...(joined !== undefined && { joined }),
  })

  describe('user commits', () => {
    it('tell the first and the last connection', async () => {
      expect(await ann().done([connect('c1')])).toMatchObject({
        first: true,
        last: false,
        record: { name: 'ann', options: defaultUserOptions, connections: [{ id: 'c1' }] },
      })
      expect(await ann().done([connect('c2')])).toMatchObject({ first: false })
      expect(await ann().done([disconnect('c1')])).toMatchObject({ last: false })
      expect(await ann().done([disconnect('c2')])).toMatchObject({
        last: true,
        record: { connections: [] },
      })
      expect(await ann().snapshot()).toBeUndefined()
    })

    it('let one of two racing connections be the first', async () => {
      const both = await Promise.all([ann().done([connect('c1')]), ann().done([connect('c2')])])
      expect(both.map(({ first }) => first)).toEqual([true, false])
      expect((await ann().snapshot())?.connections).toHaveLength(2)
    })

    it('grow the version with each change, above every earlier record of the name', async () => {
      const one = (await ann().done([connect('c1')])).record.version
      const two = (await ann().done([subscribe('room')])).record.version
      expect(two).toBeGreaterThan(one)
      const gone = await ann().done([disconnect('c1')])
      const left = await ann().done([confirm('room', gone.record.version)])
      expect(await ann().snapshot()).toBeUndefined()
      // The clock has gone back meanwhile.
      const back = await ann().done([connect('c2')], start - 3_600_000)
      expect(back.record.version).toBeGreaterThan(left.record.version)
    })

    it('conflict where the record does not hold the connection', async () => {
      const holds = { holds: 'c1' }
      expect(await ann().commit([subscribe('room')], holds)).toEqual({ outcome: 'conflict' })
      await ann().done([connect('c1')])
      expect((await ann().commit([subscribe('room')], holds)).outcome).toBe('committed')
      expect(await ann().commit([subscribe('x')], { holds: 'c2' })).toEqual({ outcome: 'conflict' })
      expect(await ann().commit([subscribe('x', 'c2')])).toEqual({ outcome: 'conflict' })
      expect((await ann().snapshot())?.subscriptions.map(({ channel }) => channel)).toEqual([
        'room',
      ])
    })

    it('write a join intent for a new subscription, and only attach to one that is', async () => {
      await ann().done([connect('c1'), connect('c2')])
      const joined = await ann().done([subscribe('room', 'c1')])
      const { version } = joined.record
      const intent = { kind: 'join', channel: 'room', generation: version, at: start }
      expect(joined.intents).toEqual([intent])
      expect(joined.record.intents).toEqual([intent])
      expect(joined.record.subscriptions).toEqual([
        { channel: 'room', generation: version, connections: [{ id: 'c1', generation: version }] },
      ])
      const attached = await ann().done([subscribe('room')])
      expect(attached.intents).toEqual([])
      expect(attached.record.subscriptions[0]).toMatchObject({
        generation: version,
        connections: [
          { id: 'c1', generation: version },
          { id: 'c2', generation: attached.record.version },
        ],
      })
      const same = await ann().done([subscribe('room')])
      expect(same.record).toEqual(attached.record)
    })

    it('attach a new connection to every channel, if it inherits', async () => {
      await ann().done([connect('c1')])
      await ann().done([subscribe('a'), subscribe('b')])
      const { record } = await ann().done([connect('c2'), connect('c3', { inherit: false })])
      for (const { connections } of record.subscriptions)
        expect(connections.map(({ id }) => id)).toEqual(['c1', 'c2'])
    })

    it('confirm an intent and the offset of its join', async () => {
      await ann().done([connect('c1')])
      const { version } = (await ann().done([subscribe('a'), subscribe('b')])).record
      await ann().done([confirm('a', version, 7)])
      const { record } = await ann().done([confirm('b', version)])
      expect(record.intents).toEqual([])
      expect(record.subscriptions.map(({ joined }) => joined)).toEqual([7, 0])
    })

    it('let a newer intent stand when an older one is confirmed', async () => {
      await ann().done([connect('c1')])
      const joined = (await ann().done([subscribe('room')])).record.version
      const left = await ann().done([{ change: 'unsubscribe', channel: 'room' }])
      expect(left.intents).toMatchObject([{ kind: 'leave', channel: 'room' }])
      expect(left.record.subscriptions).toEqual([])
      expect((await ann().done([confirm('room', joined)])).record).toEqual(left.record)
      const { record } = await ann().done([confirm('room', left.record.version)])
      expect(record.intents).toEqual([])
    })

    it('ignore an unsubscribe from a channel that the user is not in', async () => {
      const before = (await ann().done([connect('c1')])).record
      const after = await ann().done([{ change: 'unsubscribe', channel: 'room' }])
      expect(after).toMatchObject({ record: before, intents: [], first: false, last: false })
    })

    it('attach only whoever is in already, where nobody was asked about a join', async () => {
      await ann().done([connect('c1'), connect('c2')])
      const attach = { ...subscribe('room'), onlyIfIn: true } as const
      expect(await ann().commit([attach])).toEqual({ outcome: 'conflict' })
      await ann().done([subscribe('room', 'c1')])
      const { record, intents } = await ann().done([attach])
      expect(intents).toEqual([])
      expect(record.subscriptions[0]?.connections.map(({ id }) => id)).toEqual(['c1', 'c2'])
    })

    it('leave by the join that is meant, and by no later one', async () => {
      await ann().done([connect('c1')])
      const { version } = (await ann().done([subscribe('room')])).record
      const leave = { change: 'unsubscribe', channel: 'room' } as const
      const other = await ann().done([{ ...leave, generation: version - 1 }])
      expect(other.record.subscriptions).toHaveLength(1)
      expect(other.intents).toEqual([])
      const { record, intents } = await ann().done([{ ...leave, generation: version }])
      expect(record.subscriptions).toEqual([])
      expect(intents).toMatchObject([{ kind: 'leave', channel: 'room' }])
    })

    it('refuse more subscriptions than allowed', async () => {
      await ann().done([connect('c1')])
      await ann().done([subscribe('a', 'all', 1)])
      await expect(ann().commit([subscribe('b', 'all', 1)])).rejects.toMatchObject({
        code: 'too_many_subscriptions',
      })
      expect((await ann().commit([subscribe('a', 'all', 1)])).outcome).toBe('committed')
    })

    it('leave the channels that no connection is left in', async () => {
      await ann().done([connect('c1'), connect('c2')])
      await ann().done([subscribe('both'), subscribe('one', 'c1'), subscribe('two', 'c2')])
      const gone = await ann().done([disconnect('c1')])
      expect(gone.intents.map(({ kind, channel }) => [kind, channel])).toEqual([['leave', 'one']])
      expect(gone.record.subscriptions).toMatchObject([
        { channel: 'both', connections: [{ id: 'c2' }] },
        { channel: 'two', connections: [{ id: 'c2' }] },
      ])
    })

    it('leave a lost connection’s channels everywhere, if asked', async () => {
      await ann().done([connect('c1'), connect('c2')])
      await ann().done([subscribe('both'), subscribe('two', 'c2')])
      const gone = await ann().done([disconnect('c1', { everywhere: true })])
      expect(gone.intents.map(({ channel }) => channel)).toEqual(['both'])
      expect(gone.record.subscriptions.map(({ channel }) => channel)).toEqual(['two'])
    })

    it('write the notice with the last connection only, naming the channels', async () => {
      await ann().done([connect('c1'), connect('c2')])
      await ann().done([subscribe('a'), subscribe('b')])
      await ann().done([disconnect('c1', { notice: notice('n1') })])
      await ann().done([disconnect('absent', { notice: notice('n2') })])
      await ann().done([disconnect('c2', { notice: notice('n3') })])
      const due = await subject.stores().outbox.due({ now: start, limit: 10 })
      expect(due.map(({ id }) => id)).toEqual(['n3'])
      expect(JSON.parse(due[0]?.body ?? '')).toEqual({ name: 'ann', channels: ['a', 'b'] })
    })

    it('keep a record with intents until they are confirmed', async () => {
      await ann().done([connect('c1')])
      await ann().done([subscribe('room')])
      const { record } = await ann().done([disconnect('c1')])
      expect(await ann().snapshot()).toEqual(record)
      expect(record.intents).toMatchObject([{ kind: 'leave', generation: record.version }])
      await ann().done([confirm('room', record.version)])
      expect(await ann().snapshot()).toBeUndefined()
    })

    it('ignore the disconnect of an absent connection', async () => {
      expect(await ann().done([disconnect('c1')])).toMatchObject({
        first: false,
        last: false,
        intents: [],
        record: { connections: [] },
      })
      expect(await ann().snapshot()).toBeUndefined()
    })

    describe('with a connection that is in one channel only', () => {
      const link = (id: string) => connect(id, { inherit: false, only: 'room' })
      const connectionsOf = async () =>
        (await ann().snapshot())?.subscriptions.map(({ channel, connections }) => [
          channel,
          ...connections.map(({ id }) => id),
        ])

      it('keep it out of what the others are in, and them out of its channel', async () => {
        await ann().done([connect('c1'), link('t1')])
        await ann().done([subscribe('a'), subscribe('room', 't1')])
        await ann().done([connect('c2')])
        expect(await connectionsOf()).toEqual([
          ['a', 'c1', 'c2'],
          ['room', 't1'],
        ])
        const attach = { ...subscribe('room', 'c1'), onlyIfIn: true } as const
        expect(await ann().commit([attach])).toEqual({ outcome: 'conflict' })
        expect((await ann().done([subscribe('room')])).intents).toEqual([])
        expect((await connectionsOf())?.[1]).toEqual(['room', 't1', 'c1', 'c2'])
        await ann().done([connect('c3')])
        expect((await connectionsOf())?.[1]).toEqual(['room', 't1', 'c1', 'c2', 'c3'])
      })

      it('subscribe nothing else where it is all there is', async () => {
        await ann().done([link('t1')])
        expect(await ann().commit([subscribe('a')])).toEqual({ outcome: 'conflict' })
      })

      it('spare it where asked', async () => {
        await ann().done([connect('c1'), link('t1')])
        await ann().done([subscribe('room', 't1'), subscribe('room', 'c1')])
        const leave = { change: 'unsubscribe', channel: 'room' } as const
        expect((await ann().done([{ ...leave, spares: true }])).intents).toEqual([])
        expect(await connectionsOf()).toEqual([['room', 't1']])
        expect((await ann().done([{ ...leave, spares: true }])).intents).toEqual([])
        expect((await ann().done([leave])).intents).toMatchObject([{ kind: 'leave' }])
      })

      it('lose nothing else by its end, and nothing of it by the end of another', async () => {
        await ann().done([connect('c1'), link('t1')])
        await ann().done([subscribe('a'), subscribe('room', 't1'), subscribe('room', 'c1')])
        await ann().done([disconnect('c1', { everywhere: true })])
        expect(await connectionsOf()).toEqual([['room', 't1']])
        await ann().done([connect('c2')])
        await ann().done([subscribe('a')])
        await ann().done([disconnect('t1', { everywhere: true })])
        expect(await connectionsOf()).toEqual([['a', 'c2']])
      })

      it('tell with its leave that what it was to be told begins at the read marker', async () => {
        await ann().done([link('t1'), link('t2')])
        await ann().done([subscribe('room', 't1')])
        const departure = { how: 'left', seen: { offset: 9, count: 8 }, reads: true } as const
        const departures = [['room', departure]] as const
        const known = await ann().done([disconnect('t1', { departures })])
        expect(known.intents).toMatchObject([{ departure: { ...departure, since: 'marker' } }])
        await ann().done([subscribe('room', 't2')])
        const unknown = await ann().done([disconnect('t2')])
        expect(unknown.intents).toMatchObject([{ departure: { how: 'lost', since: 'marker' } }])
      })

      it('write the notice when the last of the others goes, naming their channels', async () => {
        await ann().done([connect('c1'), link('t1')])
        await ann().done([subscribe('a'), subscribe('room', 't1')])
        const gone = await ann().done([disconnect('c1', { notice: notice('n1') })])
        expect(gone).toMatchObject({ last: false, notices: [{ id: 'n1' }] })
        expect(JSON.parse(gone.notices[0]?.body ?? '')).toEqual({ name: 'ann', channels: ['a'] })
        const last = await ann().done([disconnect('t1', { notice: notice('n2') })])
        expect(last).toMatchObject({ last: true, notices: [] })
      })
    })

    it('tell with a leave how its connection went', async () => {
      await ann().done([connect('c1'), connect('c2')])
      await ann().done([subscribe('room'), subscribe('a')])
      const departure = { how: 'left', seen: { offset: 9, count: 8 }, reads: true } as const
      const departures = [['room', departure]]
      expect((await ann().done([disconnect('c1', { departures })])).intents).toEqual([])
      const { intents } = await ann().done([disconnect('c2', { departures })])
      expect(intents).toMatchObject([
        { channel: 'room', departure },
        { channel: 'a', departure: { how: 'lost' } },
      ])
    })

    it('set options', async () => {
      const options = { ...defaultUserOptions, reflective: false }
      expect(await ann().commit([{ change: 'options', options }])).toEqual({ outcome: 'conflict' })
      await ann().done([connect('c1')])
      await ann().done([{ change: 'options', options }])
      expect((await ann().snapshot())?.options).toEqual(options)
    })

    it('keep awkward names apart', async () => {
      for (const name of awkwardNames) {
        await ann(name).done([connect(`c of ${name}`, { node: name })])
        await ann(name).done([subscribe(name)])
      }
      for (const name of awkwardNames) {
        const record = await ann(name).snapshot()
        expect(record?.name).toBe(name)
        expect(record?.subscriptions.map(({ channel }) => channel)).toEqual([name])
        const { names } = await subject.stores().users.list({ limit: 10, node: name })
        expect(names).toEqual([name])
      }
    })
  })
}
