import { expect, it } from 'vitest'
import { createManualClock } from '../helpers/manual-clock.ts'
import { describeWorlds, type WorldKind } from '../helpers/world.ts'

const singleNodes: readonly WorldKind[] = ['one node, level', 'one node, memory']

describeWorlds(
  'restart (G1, G10, spec §3)',
  ['one node, level', 'one node, memory', 'two nodes'],
  (start) => {
    it('keeps channels with options, state and history', async () => {
      const world = await start()
      const options = { history_size: 10, moderated: false, presenceful: true, anonymous: false }
      await world.rest.create('room', { ...options, state: { a: { b: 1 } } })
      for (let n = 0; n < 5; n += 1) await world.rest.publish('room', { n })
      const before = await world.rest.ok('get_channel_info', { channel_name: 'room' })
      await world.restart()
      expect(await world.rest.ok('get_channel_info', { channel_name: 'room' })).toEqual(before)
      expect(await world.rest.publish('room', 'next')).toMatchObject({ offset: 6 })
    })

    it('keeps publish ids, so that a repeat after the restart is still one publish (G4)', async () => {
      const world = await start()
      await world.rest.create('room', { history_size: 10 })
      const fields = { channel_name: 'room', payload: 1, originator: 'bot', id: 'once' }
      const first = await world.rest.ok('publish', fields)
      await world.restart()
      expect(await world.rest.ok('publish', fields)).toMatchObject({
        offset: first.offset,
        epoch: first.epoch,
        duplicate: true,
      })
    })

    it('closes links with 1012 and counts the drain as no leave', async () => {
      const world = await start()
      world.app.channels.set('room', { history_size: 10, presenceful: true })
      const ann = await world.login('ann')
      await ann.subscribe('room')
      ann.publish('room', 'old')
      await ann.published('room')
      await world.restart()
      expect((await ann.closed).code).toBe(1012)
      expect(ann.names).not.toContain('UNSUBSCRIBE')
      for (const hook of ['unsubscribe', 'destroy_channel', 'disconnect'])
        expect(world.app.count(hook)).toBe(0)
      const again = await world.login('ann')
      const { history } = await again.subscribe('room')
      expect(history?.filter((entry) => entry[0] === 'PUBLISH')).toHaveLength(1)
    })

    it('lets hooks in flight finish before it stops', async () => {
      const world = await start()
      await world.rest.create('room', { history_size: 10 })
      const ann = await world.login('ann')
      await ann.subscribe('room')
      const held = world.app.hold('publish')
      ann.publish('room', 'in flight')
      await world.app.next('publish')
      const restarted = world.restart()
      held.release()
      await restarted
      const info = await world.rest.ok('get_channel_info', { channel_name: 'room' })
      const payloads = info.options?.history?.map((entry) => entry[1].payload)
      expect(payloads).toContain('in flight')
    })
  },
)

describeWorlds('after a restart, by the clock (spec §3)', singleNodes, (start) => {
  it('a channel that nobody rejoins counts as left, but one that never had anybody stays', async () => {
    const clock = createManualClock()
    const world = await start({ clock })
    await world.rest.create('never', { history_size: 3 })
    const ann = await world.login('ann')
    await ann.subscribe('left')
    const bob = await world.login('bob')
    await bob.subscribe('kept')
    await world.restart()
    const again = await world.login('bob')
    await again.snapshot('kept')
    await clock.advance(25_000)
    expect(world.app.count('destroy_channel') + world.app.count('disconnect')).toBe(0)
    for (let n = 0; n < 10; n += 1) await clock.advance(10_000)
    expect((await world.app.next('destroy_channel')).form.channel_name).toBe('left')
    expect((await world.app.next('disconnect')).form).toMatchObject({
      name: 'ann',
      channels: '["left"]',
    })
    await expect
      .poll(async () => (await world.rest.ok('get_server_info')).channels?.toSorted())
      .toEqual(['kept', 'never'])
    again.publish('kept', 1)
    await again.published('kept')
  })

  it('a user who returns is attached without hook, join or leave', async () => {
    const clock = createManualClock()
    const world = await start({ clock })
    world.app.channels.set('room', { presenceful: true, history_size: 20 })
    const ann = await world.login('ann')
    await ann.subscribe('room')
    const bob = await world.login('bob')
    await bob.subscribe('room')
    await world.restart()
    const asked = world.app.count('subscribe')
    const [one, two] = [await world.login('ann'), await world.login('bob')]
    expect((await one.snapshot('room')).presence).toEqual(['ann', 'bob'])
    const { history } = await two.snapshot('room')
    expect(history?.map((entry) => entry[0])).toEqual(['SUBSCRIBE', 'SUBSCRIBE'])
    for (let n = 0; n < 10; n += 1) await clock.advance(10_000)
    two.publish('room', 1)
    await one.published('room')
    expect(await one.unread('SUBSCRIBE', 'UNSUBSCRIBE')).toEqual([])
    expect(world.app.count('subscribe')).toBe(asked)
    expect(world.app.count('disconnect') + world.app.count('unsubscribe')).toBe(0)
  })
})
