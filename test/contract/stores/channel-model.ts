import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ChannelChange, ChannelCommitted } from '../../../src/core/ports.ts'
import { channelOf, createRoom, entry, marker, member, presence } from './fixtures.ts'
import type { StoresUnderTest } from './suite.ts'

interface Model {
  offset: number
  readonly history: string[]
  readonly state: Map<string, string>
  readonly presence: Map<string, number>
  readonly left: Map<string, number>
  /** How far each member has read. Every entry counts. */
  readonly read: Map<string, number>
  readonly removed: Set<string>
}

type Act =
  | { act: 'publish' }
  | { act: 'enter'; user: string; generation: number }
  | { act: 'leave'; user: string; generation: number }
  | { act: 'set'; key: string; json: string }
  | { act: 'unset'; key: string }
  | { act: 'add'; user: string }
  | { act: 'remove'; user: string }
  | { act: 'read'; user: string; offset: number; count: number }

const user = fc.constantFrom('ann', 'bob', '😀')
const key = fc.constantFrom('a', 'b', 'é')
const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ act: fc.constant('publish' as const) }),
  fc.record({
    act: fc.constantFrom('enter' as const, 'leave' as const),
    user,
    generation: fc.integer({ min: 1, max: 9 }),
  }),
  fc.record({ act: fc.constant('set' as const), key, json: fc.constantFrom('1', '2') }),
  fc.record({ act: fc.constant('unset' as const), key }),
  fc.record({ act: fc.constantFrom('add' as const, 'add' as const, 'remove' as const), user }),
  fc.record({
    act: fc.constant('read' as const),
    user,
    offset: fc.integer({ min: -1, max: 30 }),
    count: fc.integer({ min: -1, max: 30 }),
  }),
)

/** Random commits, many under way at once, against the plainest model that could be right. */
export function describeChannelModel(subject: StoresUnderTest): void {
  describe('a channel', () => {
    it('behaves as its model', async () => {
      let run = 0
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(act, { maxLength: 4 }), { maxLength: 30 }),
          async (commits) => {
            run += 1
            await checkRun(subject, `room ${run}`, commits)
          },
        ),
        { numRuns: 60 },
      )
    })
  })
}

async function checkRun(subject: StoresUnderTest, name: string, commits: Act[][]): Promise<void> {
  const room = channelOf(subject.stores(), name)
  await room.create(createRoom({ closed: false }, { history_size: 5 }))
  const model: Model = {
    offset: 0,
    history: [],
    state: new Map(),
    presence: new Map(),
    left: new Map(),
    read: new Map(),
    removed: new Set(),
  }
  const pending: Promise<ChannelCommitted>[] = []
  const offsets: number[] = []
  commits.forEach((acts, index) => {
    pending.push(room.done(acts.map((each, at) => changeOf(each, `${index}.${at}`))))
    acts.forEach((each, at) => {
      step(model, each, `${index}.${at}`)
    })
    offsets.push(model.offset)
  })
  const done = await Promise.all(pending)
  expect(done.map(({ head }) => head.offset)).toEqual(offsets)
  const snapshot = await room.snapshot()
  expect(snapshot?.history.map((each) => each.id)).toEqual(model.history.slice(-5))
  expect(new Map(snapshot?.state)).toEqual(model.state)
  expect(snapshot?.presence.map((each) => [each.user, each.generation])).toEqual([
    ...model.presence,
  ])
  expect(snapshot?.head.version).toBe(done.at(-1)?.head.version ?? 1)
  const versions = [1, ...done.map(({ head }) => head.version)]
  done.forEach((each, index) => {
    const told =
      (each.state ?? each.members ?? each.markers) !== undefined ||
      each.entered.length + each.left.length > 0
    expect(each.prev.version).toBe(versions[index])
    expect(each.head.version - each.prev.version).toBe(told ? 1 : 0)
  })
  checkMarkers(done)
  await checkMembers(room, model)
}

/** Whoever follows the commits sees markers move forward only, and never beyond the head. */
function checkMarkers(done: readonly ChannelCommitted[]): void {
  const known = new Map<string, number>()
  for (const { members, markers, prev, head } of done) {
    for (const name of members?.removed ?? []) expect(known.delete(name)).toBe(true)
    for (const name of members?.added ?? []) {
      expect(known.has(name)).toBe(false)
      known.set(name, prev.offset)
    }
    for (const { user: name, marker: place } of markers ?? []) {
      expect(place.offset).toBeGreaterThan(known.get(name) ?? Number.POSITIVE_INFINITY)
      expect(place.offset).toBeLessThanOrEqual(head.offset)
      expect(place.count).toBe(place.offset)
      known.set(name, place.offset)
    }
  }
}

async function checkMembers(room: ReturnType<typeof channelOf>, model: Model): Promise<void> {
  const { members } = await room.members({ limit: 9 })
  expect(new Map(members.map((each) => [each.user, each.marker.offset]))).toEqual(model.read)
  for (const { marker: place } of members) expect(place.count).toBe(place.offset)
  expect((await room.snapshot())?.room?.members).toBe(model.read.size)
  for (const name of ['ann', 'bob', '😀']) {
    const { outcome } = await room.commit([], { expect: { admits: name } })
    expect(outcome).toBe(model.removed.has(name) ? 'conflict' : 'committed')
  }
}

function changeOf(act: Act, id: string): ChannelChange {
  const limits = { bytes: 1000, keys: 10 }
  const shared = { change: 'state', mode: 'patch', limits } as const
  switch (act.act) {
    case 'publish':
      return entry(id)
    case 'enter':
    case 'leave':
      return presence(act.act, act.user, act.generation)
    case 'set':
      return { ...shared, updates: [[act.key, act.json]], deletes: [] }
    case 'unset':
      return { ...shared, updates: [], deletes: [act.key] }
    case 'add':
    case 'remove':
      return member(act.act, act.user)
    case 'read':
      return marker(act.user, act.offset, act.count)
    default:
      return act satisfies never
  }
}

function step(model: Model, act: Act, id: string): void {
  if (act.act === 'publish') {
    model.offset += 1
    model.history.push(id)
  } else if (act.act === 'set') model.state.set(act.key, act.json)
  else if (act.act === 'unset') model.state.delete(act.key)
  else if (act.act === 'enter') enter(model, act)
  else if (act.act === 'leave') leave(model, act)
  else if (act.act === 'read') read(model, act)
  else if (act.act === 'add') {
    model.removed.delete(act.user)
    if (!model.read.has(act.user)) model.read.set(act.user, model.offset)
  } else {
    model.read.delete(act.user)
    model.removed.add(act.user)
  }
}

function read(model: Model, act: { user: string; offset: number }): void {
  const held = model.read.get(act.user)
  if (held === undefined) return
  model.read.set(act.user, Math.max(held, Math.min(act.offset, model.offset)))
}

function enter(model: Model, act: { user: string; generation: number }): void {
  const held = model.presence.get(act.user)
  if (held !== undefined) model.presence.set(act.user, Math.max(held, act.generation))
  else if (act.generation > (model.left.get(act.user) ?? 0))
    model.presence.set(act.user, act.generation)
}

function leave(model: Model, act: { user: string; generation: number }): void {
  const held = model.presence.get(act.user)
  if (held !== undefined && act.generation < held) return
  model.presence.delete(act.user)
  model.left.set(act.user, Math.max(model.left.get(act.user) ?? 0, act.generation))
}
