import { expect, it } from 'vitest'
import { createManualClock } from '../helpers/manual-clock.ts'
import { describeWorlds, oneKind, type World, worldKinds } from '../helpers/world.ts'

const classicTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/

async function historyOf(world: World, channel: string) {
  const info = await world.rest.ok('get_channel_info', { channel_name: channel })
  return info.options?.history ?? []
}

describeWorlds('history (spec §3)', worldKinds, (start) => {
  it('keeps the last history_size entries, oldest first', async () => {
    const world = await start()
    world.app.channels.set('room', { history_size: 3, history_publish_only: true })
    const ann = await world.login('ann')
    await ann.subscribe('room')
    for (let n = 1; n <= 5; n += 1) ann.publish('room', n)
    for (let n = 1; n <= 5; n += 1) expect((await ann.published('room')).payload).toBe(n)
    const bob = await world.login('bob')
    const snapshot = await bob.subscribe('room')
    expect(snapshot.history_size).toBe(3)
    expect(snapshot.history).toEqual(
      [3, 4, 5].map((n) => [
        'PUBLISH',
        { user: 'ann', payload: n, datetime: expect.stringMatching(classicTime) },
      ]),
    )
  })

  it('keeps joins and leaves too, also where the channel is not presenceful', async () => {
    const world = await start()
    world.app.channels.set('room', { history_size: 10 })
    const ann = await world.login('ann')
    expect((await ann.subscribe('room')).history).toEqual([])
    const bob = await world.login('bob')
    await bob.subscribe('room')
    bob.publish('room', 1)
    await ann.published('room')
    bob.send('UNSUBSCRIBE', { channel_name: 'room' })
    await bob.next('UNSUBSCRIBE')
    const mia = await world.login('mia')
    const { history } = await mia.subscribe('room')
    expect(history).toEqual([
      ['SUBSCRIBE', { user: 'ann', datetime: expect.stringMatching(classicTime) }],
      ['SUBSCRIBE', { user: 'bob', datetime: expect.stringMatching(classicTime) }],
      ['PUBLISH', { user: 'bob', payload: 1, datetime: expect.stringMatching(classicTime) }],
      ['UNSUBSCRIBE', { user: 'bob', datetime: expect.stringMatching(classicTime) }],
    ])
  })

  it('takes `history` given as a number for history_size', async () => {
    const world = await start()
    world.app.channels.set('room', { history: 4 })
    const ann = await world.login('ann')
    expect((await ann.subscribe('room')).history_size).toBe(4)
  })

  it.each(['history', 'set_history'])(
    'pre-fills from %s as given, cut to history_size',
    async (key) => {
      const world = await start()
      const given = [
        ['PUBLISH', { user: 'old', payload: 'cut', datetime: '2010-01-01T00:00:00' }],
        ['PUBLISH', { payload: { kept: true } }],
        ['SUBSCRIBE', { user: 'zoe', datetime: '2010-01-02T00:00:00' }],
      ]
      world.app.channels.set('room', { history_size: 2, [key]: given })
      const ann = await world.login('ann')
      expect((await ann.subscribe('room')).history).toEqual(given.slice(1))
    },
  )

  it('still sends a given history where history_size is 0', async () => {
    const world = await start()
    const given = [['PUBLISH', { payload: 1 }]]
    world.app.channels.set('room', { history: given })
    const ann = await world.login('ann')
    const snapshot = await ann.subscribe('room')
    expect(snapshot).toMatchObject({ history: given, history_size: 0 })
    ann.publish('room', 2)
    await ann.published('room')
    const bob = await world.login('bob')
    expect((await bob.subscribe('room')).history).toEqual(given)
  })

  it('replaces the history by set_history over REST', async () => {
    const world = await start()
    await world.rest.create('room', { history_size: 5, moderated: false })
    await world.rest.publish('room', 'old')
    const given = [['PUBLISH', { user: 'zoe', payload: 'given' }]]
    await world.rest.ok('set_channel_options', { channel_name: 'room', set_history: given })
    expect(await historyOf(world, 'room')).toEqual(given)
    await world.rest.publish('room', 'new')
    expect((await historyOf(world, 'room')).map((entry) => entry[1].payload)).toEqual([
      'given',
      'new',
    ])
  })

  it('shows less or more at once where history_size changes', async () => {
    const world = await start()
    await world.rest.create('room', { history_size: 5 })
    for (let n = 1; n <= 5; n += 1) await world.rest.publish('room', n)
    await world.rest.ok('set_channel_options', { channel_name: 'room', history_size: 2 })
    expect((await historyOf(world, 'room')).map((entry) => entry[1].payload)).toEqual([4, 5])
  })

  it('writes no user into the history of an anonymous channel', async () => {
    const world = await start()
    world.app.channels.set('room', {
      anonymous: true,
      history_size: 5,
      history_publish_only: true,
    })
    const ann = await world.login('ann')
    await ann.subscribe('room')
    ann.publish('room', 1)
    expect(await ann.published('room')).not.toHaveProperty('user')
    expect(await historyOf(world, 'room')).toEqual([
      ['PUBLISH', { payload: 1, datetime: expect.stringMatching(classicTime) }],
    ])
  })
})

describeWorlds('history_duration (spec §3)', oneKind, (start) => {
  it('shows no entry older than history_duration, given ones counting from their gift', async () => {
    const clock = createManualClock()
    const world = await start({ clock })
    await world.rest.create('room', {
      history_size: 10,
      history_duration: 60,
      history: [['PUBLISH', { payload: 'given' }]],
    })
    await clock.advance(30_000)
    await world.rest.publish('room', 'later')
    await clock.advance(31_000)
    expect((await historyOf(world, 'room')).map((entry) => entry[1].payload)).toEqual(['later'])
    const ann = await world.login('ann')
    const snapshot = await ann.subscribe('room')
    expect(snapshot.history_duration).toBe(60)
    expect(snapshot.history?.map((entry) => entry[1].payload)).toEqual(['later'])
  })
})
