import { expect, it } from 'vitest'
import { createManualClock } from '../helpers/manual-clock.ts'
import { describeWorlds, oneKind, reliableKinds, type World } from '../helpers/world.ts'

const channels = async (world: World) => (await world.rest.ok('get_server_info')).channels

describeWorlds('unsubscribe (spec §3)', reliableKinds, (start) => {
  it('does nothing where the user is not in, or there is no channel', async () => {
    const world = await start()
    const ann = await world.login('ann')
    const bob = await world.login('bob')
    await bob.subscribe('room')
    ann.send('UNSUBSCRIBE', { channel_name: 'room' })
    ann.send('UNSUBSCRIBE', { channel_name: 'nowhere' })
    await ann.subscribe('room')
    expect(await ann.unread()).toEqual([])
    expect(world.app.count('unsubscribe')).toBe(0)
  })

  it('asks the hook, and stays where it refuses', async () => {
    const world = await start()
    const ann = await world.login('ann')
    await ann.subscribe('room')
    world.app.answer('unsubscribe', [false, { error: 'stay' }])
    expect((await ann.error(ann.send('UNSUBSCRIBE', { channel_name: 'room' }))).msg).toBe('stay')
    ann.publish('room', 1)
    await ann.published('room')
    expect(await ann.unread('UNSUBSCRIBE')).toEqual([])
    expect((await world.app.next('unsubscribe')).form).toEqual({
      action: 'unsubscribe',
      channel_name: 'room',
      destination: 'room',
      user: 'ann',
    })
  })

  it('keeps subscribe and unsubscribe of one user in order', async () => {
    const world = await start()
    const ann = await world.login('ann')
    for (let n = 0; n < 5; n += 1) {
      ann.send('SUBSCRIBE', { channel_name: 'room' })
      ann.send('UNSUBSCRIBE', { channel_name: 'room' })
    }
    for (let n = 0; n < 5; n += 1) {
      await ann.next('SUBSCRIBE')
      await ann.next('UNSUBSCRIBE')
    }
    const names = ann.names.slice(1)
    expect(names).toEqual(names.map((_, index) => (index % 2 ? 'UNSUBSCRIBE' : 'SUBSCRIBE')))
  })
})

describeWorlds('destroying a channel (spec §3)', reliableKinds, (start) => {
  it('asks destroy_channel when the last subscriber leaves, and forgets everything', async () => {
    const world = await start()
    world.app.channels.set('room', { history_size: 5, state: { a: 1 } })
    const ann = await world.login('ann')
    await ann.subscribe('room')
    ann.publish('room', 'old')
    await ann.published('room')
    ann.send('UNSUBSCRIBE', { channel_name: 'room' })
    expect((await world.app.next('destroy_channel')).form).toEqual({
      action: 'destroy_channel',
      channel_name: 'room',
      destination: 'room',
    })
    await ann.next('UNSUBSCRIBE')
    world.app.channels.set('room', {})
    await expect.poll(() => channels(world)).toEqual([])
    expect(await ann.subscribe('room')).toMatchObject({ history: [], state: {} })
    expect(world.app.count('create_channel')).toBe(2)
  })

  it('asks nothing while somebody is still in', async () => {
    const world = await start()
    const ann = await world.login('ann')
    const bob = await world.login('bob')
    await ann.subscribe('room')
    await bob.subscribe('room')
    ann.send('UNSUBSCRIBE', { channel_name: 'room' })
    await ann.next('UNSUBSCRIBE')
    bob.publish('room', 1)
    await bob.published('room')
    expect(world.app.count('destroy_channel')).toBe(0)
  })

  it('keeps channel, history and state where the hook says false', async () => {
    const world = await start()
    world.app.channels.set('room', { history_size: 5, history_publish_only: true, state: { a: 1 } })
    world.app.answer('destroy_channel', [false, {}])
    const ann = await world.login('ann')
    await ann.subscribe('room')
    ann.publish('room', 'old')
    await ann.published('room')
    await ann.close()
    await world.app.next('destroy_channel')
    const bob = await world.login('bob')
    const snapshot = await bob.subscribe('room')
    expect(snapshot.history?.map((entry) => entry[1].payload)).toEqual(['old'])
    expect(snapshot.state).toEqual({ a: 1 })
    expect(world.app.count('create_channel')).toBe(1)
  })

  it('keeps the channel where somebody joins while the hook is asked', async () => {
    const world = await start()
    const held = world.app.hold('destroy_channel')
    const ann = await world.login('ann')
    await ann.subscribe('room')
    ann.send('UNSUBSCRIBE', { channel_name: 'room' })
    await world.app.next('destroy_channel')
    const bob = await world.login('bob')
    await bob.subscribe('room')
    held.release()
    bob.publish('room', 1)
    expect((await bob.published('room')).payload).toBe(1)
    expect(await channels(world)).toEqual(['room'])
  })
})

describeWorlds('destroying a channel, by the clock (spec §3)', oneKind, (start) => {
  it('waits --channel-linger, so that a reload finds the channel as it was', async () => {
    const clock = createManualClock()
    const world = await start({ args: ['--channel-linger', '5'], clock })
    world.app.channels.set('room', { state: { a: 1 } })
    const ann = await world.login('ann')
    await ann.subscribe('room')
    await ann.close()
    await world.app.next('disconnect')
    await clock.advance(4000)
    expect(world.app.count('destroy_channel')).toBe(0)
    const again = await world.login('ann')
    expect((await again.subscribe('room')).state).toEqual({ a: 1 })
    await clock.advance(10_000)
    expect(world.app.count('destroy_channel')).toBe(0)
    await again.close()
    await world.app.next('disconnect')
    await clock.advance(6000)
    await world.app.next('destroy_channel')
  })

  it('asks again with backoff, at most five minutes apart, while a failing hook keeps it', async () => {
    const clock = createManualClock()
    const world = await start({ clock })
    world.app.answer('destroy_channel', { status: 500 })
    const ann = await world.login('ann')
    await ann.subscribe('room')
    ann.send('UNSUBSCRIBE', { channel_name: 'room' })
    await world.app.next('destroy_channel')
    for (let n = 0; n < 3; n += 1) {
      await clock.advance(310_000)
      await world.app.next('destroy_channel')
    }
    expect(await channels(world)).toEqual(['room'])
    world.app.answer('destroy_channel', [true, {}])
    await clock.advance(310_000)
    await expect.poll(() => channels(world)).toEqual([])
  })
})
