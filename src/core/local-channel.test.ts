import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  atRest,
  type Browser,
  type CoreWorld,
  createCoreWorld,
  type Node,
} from '../../test/helpers/core-world.ts'
import type { Bus, BusAddress, BusMessage } from './ports.ts'

/** A bus end whose incoming messages the test hands on as it likes. */
function holdMessages() {
  const held: (() => void)[] = []
  const wrap = (bus: Bus): Bus => ({
    ...methodsOf(bus),
    onMessage: (listener: (address: BusAddress, message: BusMessage) => void) =>
      bus.onMessage((address, message) => held.push(() => listener(address, message))),
  })
  return { held, wrap }
}

function methodsOf(bus: Bus): Bus {
  return {
    publish: (address, message) => bus.publish(address, message),
    subscribe: (address) => bus.subscribe(address),
    unsubscribe: (address) => bus.unsubscribe(address),
    request: (node, request, deadlineMs) => bus.request(node, request, deadlineMs),
    onMessage: (listener) => bus.onMessage(listener),
    onReset: (listener) => bus.onReset(listener),
    onRequest: (listener) => bus.onRequest(listener),
    close: () => bus.close(),
  }
}

const options = { moderated: false, history_size: 100, presenceful: true }

/** A writer's node and a reader's node, whose messages are held. */
async function twoNodes(channel: Record<string, unknown> = options) {
  const world = createCoreWorld()
  world.app.answers.set('create_channel', () => [true, channel])
  const bus = holdMessages()
  const writing = await world.node()
  const reading = await world.node({ bus: bus.wrap })
  const bob = await reading.login('bob')
  await bob.subscribe('room')
  const ann = await writing.login('ann')
  await atRest()
  for (const tell of bus.held.splice(0)) tell()
  return { world, writing, reading, ann, bob, held: bus.held }
}

async function publishAll(ann: Browser, count: number): Promise<number[]> {
  const numbers = Array.from({ length: count }, (_, index) => index)
  for (const number of numbers) ann.publish('room', number)
  await atRest()
  return numbers
}

function viewOf(node: Node) {
  const channel = node.core.hub.channels.get('room')
  if (channel === undefined) throw new Error('no such channel here')
  const { head, state, presence } = channel
  return { head, state: [...state], presence: [...presence] }
}

async function storedView({ stores, clock }: CoreWorld) {
  const snapshot = await stores.channels.snapshot('room', { limit: 0, now: clock.now() })
  if (snapshot === undefined) throw new Error('no such channel')
  const { head, state, presence } = snapshot
  return { head, state, presence: presence.map(({ user, generation }) => [user, generation]) }
}

describe('LocalChannel', () => {
  it('tells every entry once and in order, whatever the bus drops, repeats and reorders', async () => {
    const deliveries = fc.array(fc.nat(), { maxLength: 30 })
    await fc.assert(
      fc.asyncProperty(deliveries, fc.integer({ min: 1, max: 8 }), async (picks, count) => {
        const { world, writing, reading, ann, bob, held } = await twoNodes()
        await ann.subscribe('room')
        const numbers = await publishAll(ann, count)
        ann.send('UNSUBSCRIBE', { channel_name: 'room' })
        await atRest()
        const messages = held.splice(0)
        for (const pick of picks) messages[pick % messages.length]?.()
        await world.clock.advance(200)
        await reading.core.hub.heal('changed')
        await atRest()
        expect(bob.payloads).toEqual(numbers)
        expect(viewOf(reading)).toEqual(await storedView(world))
        expect(viewOf(reading)).toEqual(viewOf(writing))
        const coming = [...bob.all('SUBSCRIBE').slice(1), ...bob.all('UNSUBSCRIBE')]
        expect(coming.map(([, name, args]) => [name, args['user']])).toEqual([
          ['SUBSCRIBE', 'ann'],
          ['UNSUBSCRIBE', 'ann'],
        ])
      }),
      { numRuns: 40 },
    )
  }, 60_000)

  it('holds what comes early and tells it when the gap is closed, without asking the store', async () => {
    const { reading, ann, bob, held } = await twoNodes()
    const numbers = await publishAll(ann, 5)
    reading.faults.calls.length = 0
    const [first, ...rest] = held.splice(0)
    for (const tell of rest.reverse()) tell()
    await atRest()
    expect(bob.payloads).toEqual([])
    first?.()
    await atRest()
    expect(bob.payloads).toEqual(numbers)
    expect(reading.faults.calls.filter(({ call }) => call === 'channels.snapshot')).toEqual([])
  })

  it('asks the store once, 50 ms after a gap has shown', async () => {
    const { world, reading, ann, bob, held } = await twoNodes()
    const numbers = await publishAll(ann, 5)
    reading.faults.calls.length = 0
    for (const tell of held.splice(0).slice(2)) tell()
    await world.clock.advance(40)
    expect(bob.payloads).toEqual([])
    await world.clock.advance(20)
    expect(bob.payloads).toEqual(numbers)
    expect(reading.faults.calls.filter(({ call }) => call === 'channels.snapshot')).toHaveLength(1)
  })

  it('holds at most 256 commits while the store is away, and heals when it is back', async () => {
    const { world, reading, ann, bob, held } = await twoNodes({ ...options, history_size: 1000 })
    const numbers = await publishAll(ann, 400)
    reading.faults.isDown = true
    reading.faults.calls.length = 0
    for (const tell of held.splice(0).slice(1)) tell()
    await world.clock.advance(40)
    expect(reading.faults.calls.length).toBeLessThan(3)
    expect(bob.payloads).toEqual([])
    reading.faults.isDown = false
    await world.clock.advance(6000)
    expect(bob.payloads).toEqual(numbers)
  })

  it('heals again where the read under way began before what is looked for', async () => {
    const { world, reading } = await twoNodes()
    const channel = reading.core.hub.channels.get('room')
    const late = reading.faults.holdAnswer('channels.snapshot')
    const first = channel?.heal()
    await late.done
    const changed = await world.stores.channels.commit('room', {
      expect: {},
      changes: [{ change: 'enter', user: 'cid', generation: 1, at: world.clock.now() }],
      now: world.clock.now(),
    })
    expect(changed.outcome).toBe('committed')
    const second = channel?.heal()
    late.release()
    await Promise.all([first, second])
    expect(channel?.presence.has('cid')).toBe(true)
  })

  it('gives its subscribers a new snapshot where what they missed is no longer kept', async () => {
    const { world, reading, ann, bob } = await twoNodes({ ...options, history_size: 2 })
    await publishAll(ann, 3)
    // Far more than is kept for recovery, by entries or by age.
    await world.clock.advance(400_000)
    expect(reading.core.hub.channels.get('room')?.head.offset).toBeGreaterThan(2)
    const before = bob.all('SUBSCRIBE').length
    reading.faults.isDown = true
    for (let round = 0; round < 12; round += 1) await publishAll(ann, 200)
    reading.faults.isDown = false
    await reading.core.hub.heal('changed')
    await atRest()
    const snapshots = bob.all('SUBSCRIBE').slice(before)
    expect(snapshots).toHaveLength(1)
    expect(snapshots[0]?.[2]['history']).toMatchObject([
      ['PUBLISH', { payload: 198 }],
      ['PUBLISH', { payload: 199 }],
    ])
  })

  it('lets nobody go deaf where that snapshot cannot be read', async () => {
    const { world, reading, ann, bob } = await twoNodes({ ...options, history_size: 2 })
    for (let round = 0; round < 12; round += 1) await publishAll(ann, 200)
    reading.faults.lose('channels.history')
    await world.clock.advance(10_000)
    bob.link.frames.all.length = 0
    ann.publish('room', 'after')
    await atRest()
    await reading.core.hub.heal('changed')
    await atRest()
    expect(bob.payloads).toEqual(['after'])
  })

  it('ends for its subscribers when it was destroyed elsewhere and the message was lost', async () => {
    const { world, reading, bob } = await twoNodes()
    await world.stores.channels.commit('room', {
      expect: {},
      changes: [{ change: 'destroy' }],
      now: world.clock.now(),
    })
    await reading.core.hub.heal('changed')
    await atRest()
    expect(bob.all('UNSUBSCRIBE').map(([, , args]) => args['user'])).toEqual(['bob'])
    expect(reading.core.hub.channels.has('room')).toBe(false)
  })

  it('without history tells a repeat of an entry once', async () => {
    const { ann, bob, held } = await twoNodes({ ...options, history_size: 0 })
    const numbers = await publishAll(ann, 3)
    const messages = held.splice(0)
    for (const tell of messages) {
      tell()
      tell()
    }
    for (const tell of messages) tell()
    await atRest()
    expect(bob.payloads).toEqual(numbers)
  })
})
