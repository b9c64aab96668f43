import { describe, expect, it } from 'vitest'
import { atRest, createCoreWorld, type Frame } from '../../test/helpers/core-world.ts'

async function startRoom(channel: Record<string, unknown> = {}) {
  const world = createCoreWorld()
  world.app.answers.set('create_channel', () => [
    true,
    { moderated: false, history_size: 50, history_publish_only: true, ...channel },
  ])
  const node = await world.node()
  const ann = await node.login('ann')
  await ann.subscribe('room')
  for (const number of [1, 2, 3]) ann.publish('room', number)
  await atRest()
  const bob = await node.login('bob')
  return { world, node, ann, bob }
}

function historyOf(snapshot: Frame): unknown[] {
  const history = snapshot[2]['history'] as [string, { payload: unknown }][]
  return history.map(([, { payload }]) => payload)
}

describe('joining the flow', () => {
  it('has neither gap nor overlap with what happens while the history is read', async () => {
    const { node, ann, bob } = await startRoom()
    const late = node.faults.holdAnswer('channels.history')
    bob.send('SUBSCRIBE', { channel_name: 'room' })
    await late.done
    ann.publish('room', 4)
    ann.publish('room', 5)
    await atRest()
    expect(bob.all('SUBSCRIBE')).toEqual([])
    expect(bob.payloads).toEqual([])
    late.release()
    const snapshot = await bob.next('SUBSCRIBE')
    expect(historyOf(snapshot)).toEqual([1, 2, 3, 4, 5])
    ann.publish('room', 6)
    await atRest()
    expect(bob.payloads).toEqual([6])
  })

  it('shows state and presence as they are when the snapshot is written', async () => {
    const { world, node, bob } = await startRoom({ presenceful: true })
    const late = node.faults.holdAnswer('channels.history')
    bob.send('SUBSCRIBE', { channel_name: 'room' })
    await late.done
    const cid = await node.login('cid')
    await cid.subscribe('room')
    const result = await world.stores.channels.commit('room', {
      expect: {},
      changes: [
        {
          change: 'state',
          mode: 'patch',
          updates: [['topic', '"new"']],
          deletes: [],
          limits: { bytes: 1000, keys: 10 },
        },
      ],
      now: world.clock.now(),
    })
    if (result.outcome === 'committed') node.core.hub.committed(result.committed)
    late.release()
    const [, , args] = await bob.next('SUBSCRIBE')
    expect(args).toMatchObject({ presence: ['ann', 'bob', 'cid'], state: { topic: 'new' } })
    await atRest()
    expect(bob.all('SUBSCRIBE')).toHaveLength(1)
    expect(bob.all('STATE_UPDATE')).toEqual([])
  })

  it('shows no more than history_size with what came meanwhile', async () => {
    const { node, ann, bob } = await startRoom({ history_size: 3 })
    const late = node.faults.holdAnswer('channels.history')
    bob.send('SUBSCRIBE', { channel_name: 'room' })
    await late.done
    ann.publish('room', 4)
    await atRest()
    late.release()
    expect(historyOf(await bob.next('SUBSCRIBE'))).toEqual([2, 3, 4])
  })

  it('gets the passing publishes of a channel without history after its snapshot', async () => {
    const given = [['PUBLISH', { payload: 'given' }]]
    const { node, ann, bob } = await startRoom({ history_size: 0, history: given })
    const late = node.faults.holdAnswer('channels.snapshot')
    bob.send('SUBSCRIBE', { channel_name: 'room' })
    await late.done
    ann.publish('room', 4)
    await atRest()
    late.release()
    const snapshot = await bob.next('SUBSCRIBE')
    expect(historyOf(snapshot)).toEqual(['given'])
    await atRest()
    expect(bob.payloads).toEqual([4])
  })

  it('reads again where the options change meanwhile', async () => {
    const { node, ann, bob } = await startRoom()
    const late = node.faults.holdAnswer('channels.history')
    bob.send('SUBSCRIBE', { channel_name: 'room' })
    await late.done
    const { setChannelOptions } = await import('./operations/set-channel-options.ts')
    await setChannelOptions(node.core, { channel: 'room', options: { history_size: 2 } })
    late.release()
    const snapshot = await bob.next('SUBSCRIBE')
    expect(snapshot[2]['history_size']).toBe(2)
    expect(historyOf(snapshot)).toEqual([2, 3])
    ann.publish('room', 4)
    await atRest()
    expect(bob.payloads).toEqual([4])
  })

  it('is not told anything when the channel ends before the snapshot', async () => {
    const { world, node, bob } = await startRoom()
    const late = node.faults.holdAnswer('channels.history')
    bob.send('SUBSCRIBE', { channel_name: 'room' })
    await late.done
    const result = await world.stores.channels.commit('room', {
      expect: {},
      changes: [{ change: 'destroy' }],
      now: world.clock.now(),
    })
    if (result.outcome === 'committed') node.core.hub.committed(result.committed)
    late.release()
    await atRest()
    expect(bob.link.frames.all.map(([, name]) => name)).toEqual(['CONNECTED'])
  })

  it('is tried again where the history could not be read, and by the client’s own repeat', async () => {
    const { world, node, ann, bob } = await startRoom()
    node.faults.lose('channels.history')
    bob.send('SUBSCRIBE', { channel_name: 'room' })
    await bob.next('ERROR')
    expect(historyOf(await bob.subscribe('room'))).toEqual([1, 2, 3])
    const cid = await node.login('cid')
    node.faults.lose('channels.history')
    cid.send('SUBSCRIBE', { channel_name: 'room' })
    await cid.next('ERROR')
    await world.clock.advance(2000)
    expect(historyOf(await cid.next('SUBSCRIBE'))).toEqual([1, 2, 3])
    ann.publish('room', 4)
    await atRest()
    expect([bob.payloads, cid.payloads]).toEqual([[4], [4]])
    expect(bob.all('SUBSCRIBE')).toHaveLength(1)
  })
})

describe('two tabs of a user', () => {
  it('survive a record that was read before the second came', async () => {
    const { node } = await startRoom()
    const first = await node.login('eve')
    const eve = node.core.hub.users.get('eve')
    if (eve === undefined) throw new Error('no eve')
    const late = node.faults.holdAnswer('users.snapshot')
    const refreshed = node.core.hub.refreshUser(eve)
    await late.done
    const second = await node.login('eve')
    late.release()
    await refreshed
    expect([first.link.closed, second.link.closed]).toEqual([undefined, undefined])
  })
})

describe('a long history', () => {
  /** Subscribes once to 3000 entries; the reads that this took. */
  async function subscribeTo(settings: { maxSnapshotBytes: number }) {
    const world = createCoreWorld()
    const options = { moderated: false, history_size: 1_000_000, history_publish_only: true }
    world.app.answers.set('create_channel', () => [true, options])
    const node = await world.node({ settings })
    const ann = await node.login('ann')
    await ann.subscribe('room')
    for (let number = 0; number < 3000; number += 1) ann.publish('room', number)
    await atRest(60)
    const bob = await node.login('bob')
    node.faults.calls.length = 0
    const history = historyOf(await bob.subscribe('room'))
    const reads = node.faults.calls.filter(({ call }) => call === 'channels.history')
    const limits = reads.map(({ args: [, query] }) => (query as { limit: number }).limit)
    return { history, limits }
  }

  it('is read page by page from the newest, no further than a snapshot may hold', async () => {
    const { history, limits } = await subscribeTo({ maxSnapshotBytes: 50_000 })
    expect(limits).toEqual([32, 449])
    expect(history.length).toBeLessThan(500)
    expect(history.at(-1)).toBe(2999)
  })

  it('is read whole where it fits', async () => {
    const { history, limits } = await subscribeTo({ maxSnapshotBytes: 4_000_000 })
    expect(history).toEqual(Array.from({ length: 3000 }, (_, number) => number))
    expect(limits.every((limit) => limit <= 1000)).toBe(true)
  })
})
