import { expect, it } from 'vitest'
import { describeWorlds, reliableKinds } from '../helpers/world.ts'

const classicTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/

describeWorlds('REST publish (spec §6)', reliableKinds, (start) => {
  it('publishes as nobody, or as the originator, without a hook', async () => {
    const world = await start()
    const ann = await world.login('ann')
    await ann.subscribe('room')
    await world.rest.ok('publish', { channel_name: 'room', payload: { a: 'é' } })
    expect(await ann.published('room')).toEqual({
      channel_name: 'room',
      payload: { a: 'é' },
      user: null,
      datetime: expect.stringMatching(classicTime),
    })
    await world.rest.ok('publish', { channel_name: 'room', payload: 1, originator: 'bot' })
    expect((await ann.published('room')).user).toBe('bot')
    await world.rest.ok('publish', { channel_name: 'room' })
    expect((await ann.published('room')).payload).toBeNull()
    expect(world.app.count('publish')).toBe(0)
  })

  it('asks the hook with send_hook=1 only', async () => {
    const world = await start()
    const ann = await world.login('ann')
    await ann.subscribe('room')
    world.app.answer('publish', [true, { override_payload: 'checked' }])
    await world.rest.ok('publish', {
      channel_name: 'room',
      payload: 1,
      originator: 'bot',
      send_hook: '1',
    })
    expect((await ann.published('room')).payload).toBe('checked')
    const call = await world.app.next('publish')
    expect(call.form).toMatchObject({ channel_name: 'room', payload: '1', originator: 'bot' })
    expect(call.headers.cookie).toBeUndefined()
    world.app.answer('publish', [false, { error: 'never' }])
    const fields = { channel_name: 'room', payload: 1, send_hook: '1' }
    expect(await world.rest.refused('publish', fields)).toBe('never')
  })

  it('answers offset, epoch and datetime where there is a history, else an empty object', async () => {
    const world = await start()
    await world.rest.create('log', { history_size: 5 })
    await world.rest.create('plain')
    const one = await world.rest.publish('log', 1)
    expect(one).toMatchObject({ offset: 1, datetime: expect.stringMatching(classicTime) })
    expect(one.epoch).toEqual(expect.any(String))
    expect(await world.rest.publish('log', 2)).toMatchObject({ offset: 2, epoch: one.epoch })
    expect(await world.rest.publish('plain', 1)).not.toHaveProperty('offset')
  })

  it('publishes once under one id, and refuses the id for another payload (G4)', async () => {
    const world = await start()
    await world.rest.create('log', { history_size: 5 })
    const fields = { channel_name: 'log', payload: 1, originator: 'bot', id: 'abc-1' }
    const first = await world.rest.ok('publish', fields)
    const again = await world.rest.ok('publish', fields)
    expect(again).toMatchObject({ offset: first.offset, epoch: first.epoch, duplicate: true })
    await world.rest.refused('publish', { ...fields, payload: 2 })
    const other = await world.rest.ok('publish', { ...fields, originator: 'bot2' })
    expect(other.offset).toBe(2)
    for (const id of ['', 'a b', 'x'.repeat(65), 'é'])
      await world.rest.refused('publish', { ...fields, id })
  })

  it('publishes once where the same id comes twice at the same time', async () => {
    const world = await start()
    await world.rest.create('log', { history_size: 50 })
    const fields = { channel_name: 'log', payload: 1, originator: 'bot', id: 'same' }
    const calls = Array.from({ length: 10 }, () => world.rest.call('publish', fields))
    const answers = await Promise.all(calls)
    const info = await world.rest.ok('get_channel_info', { channel_name: 'log' })
    expect(info.options?.history).toHaveLength(1)
    for (const answer of answers.filter((one) => one.ok === true))
      expect(answer.body.offset).toBe(1)
  })

  it('refuses a missing channel', async () => {
    const world = await start()
    const fields = { channel_name: 'nowhere', payload: 1 }
    expect(await world.rest.refused('publish', fields)).toBe("Channel nowhere doesn't exist")
    const ignoring = await start({ args: ['-x'] })
    expect(await ignoring.rest.ok('publish', fields)).toEqual({})
  })

  it('publishes to those of many that exist', async () => {
    const world = await start()
    const ann = await world.login('ann')
    await ann.subscribe('one')
    await ann.subscribe('two')
    await world.rest.ok('publish_multi', { channel_names: 'one,nowhere,two', payload: 7 })
    expect((await ann.published('one')).payload).toBe(7)
    expect((await ann.published('two')).payload).toBe(7)
  })

  it('answers a batch with one result per entry, in order', async () => {
    const world = await start()
    await world.rest.create('log', { history_size: 50 })
    const entries = [
      { channel_name: 'log', payload: { n: 1 } },
      { channel_name: 'nowhere', payload: 2 },
      { channel_name: 'log', payload: 3, originator: 'bot', id: 'x' },
      { channel_name: 'log', payload: 3, originator: 'bot', id: 'x' },
    ]
    const answer = await world.rest.call('publish_batch', { entries })
    expect(answer.ok).toBe(true)
    const results = (answer.body.results ?? answer.body) as { ok: boolean; offset?: number }[]
    expect(results.map((result) => result.ok)).toEqual([true, false, true, true])
    expect(results.map((result) => result.offset)).toEqual([1, undefined, 2, 2])
    const many = Array.from({ length: 1001 }, () => ({ channel_name: 'log', payload: 1 }))
    expect((await world.rest.call('publish_batch', { entries: many })).ok).toBe(false)
  })
})

describeWorlds('REST on channels (spec §6)', reliableKinds, (start) => {
  it('subscribes and unsubscribes a connected user on all its connections', async () => {
    const world = await start()
    const one = await world.login('ann')
    const two = await world.login('ann')
    await world.rest.ok('subscribe', { channel_name: 'room', name: 'ann' })
    await one.snapshot('room')
    await two.snapshot('room')
    expect(world.app.count('create_channel')).toBe(1)
    expect(world.app.count('subscribe')).toBe(0)
    await world.rest.ok('unsubscribe', { channel_name: 'room', user: 'ann' })
    expect((await one.next('UNSUBSCRIBE')).user).toBe('ann')
    await two.next('UNSUBSCRIBE')
    expect(world.app.count('unsubscribe')).toBe(0)
  })

  it('asks the hooks of subscribe and unsubscribe with send_hook', async () => {
    const world = await start()
    const ann = await world.login('ann')
    world.app.answer('subscribe', [false, { error: 'no' }])
    const fields = { channel_name: 'room', name: 'ann', send_hook: '1' }
    expect(await world.rest.refused('subscribe', fields)).toBe('no')
    await world.rest.ok('subscribe', { channel_name: 'room', name: 'ann' })
    await ann.snapshot('room')
    world.app.answer('unsubscribe', [false, { error: 'stay' }])
    expect(await world.rest.refused('unsubscribe', fields)).toBe('stay')
    expect((await world.app.next('subscribe')).headers.cookie).toBeUndefined()
  })

  it('refuses to subscribe a user who is not connected', async () => {
    const world = await start()
    expect(await world.rest.refused('subscribe', { channel_name: 'room', name: 'ann' })).toBe(
      "User ann doesn't exist",
    )
    expect((await world.rest.ok('get_server_info')).channels).toEqual([])
  })

  it('creates a channel, asking only with send_hook, and refuses to create it twice', async () => {
    const world = await start()
    world.app.channels.set('asked', { history_size: 9 })
    await world.rest.create('room', { history_size: 2 })
    expect(world.app.count('create_channel')).toBe(0)
    expect(await world.rest.refused('create_channel', { channel_name: 'room' })).toBe(
      'Channel room already exists',
    )
    await world.rest.ok('create_channel', { channel_name: 'asked', send_hook: '1' })
    const info = await world.rest.ok('get_channel_info', { channel_name: 'asked' })
    expect(info.options?.history_size).toBe(9)
    world.app.answer('create_channel', [false, { error: 'no' }])
    const fields = { channel_name: 'other', send_hook: '1' }
    expect(await world.rest.refused('create_channel', fields)).toBe('no')
  })

  it('keeps a channel that never had a subscriber', async () => {
    const world = await start()
    await world.rest.create('room')
    expect(world.app.count('destroy_channel')).toBe(0)
    expect((await world.rest.ok('get_server_info')).channels).toEqual(['room'])
  })

  it('destroys a channel: UNSUBSCRIBE to each for itself, nothing told, all gone', async () => {
    const world = await start()
    world.app.channels.set('room', { presenceful: true, history_size: 5, state: { a: 1 } })
    const ann = await world.login('ann')
    const bob = await world.login('bob')
    await ann.subscribe('room')
    await bob.subscribe('room')
    await ann.next('SUBSCRIBE')
    await world.rest.ok('destroy_channel', { channel_name: 'room' })
    expect((await ann.next('UNSUBSCRIBE')).user).toBe('ann')
    expect((await bob.next('UNSUBSCRIBE')).user).toBe('bob')
    expect(await ann.unread('UNSUBSCRIBE', 'SUBSCRIBE')).toEqual([])
    expect(world.app.count('destroy_channel') + world.app.count('unsubscribe')).toBe(0)
    expect((await world.rest.ok('get_user_info', { user_name: 'ann' })).channels).toEqual([])
    world.app.channels.set('room', {})
    expect(await ann.subscribe('room')).toMatchObject({ history: [], state: {} })
  })

  it('asks destroy_channel and unsubscribe first with send_hook', async () => {
    const world = await start()
    const ann = await world.login('ann')
    await ann.subscribe('room')
    world.app.answer('destroy_channel', [false, { error: 'keep it' }])
    const fields = { channel_name: 'room', send_hook: '1' }
    expect(await world.rest.refused('destroy_channel', fields)).toBe('keep it')
    ann.publish('room', 1)
    await ann.published('room')
    world.app.answer('destroy_channel', [true, {}])
    await world.rest.ok('destroy_channel', fields)
    await ann.next('UNSUBSCRIBE')
    expect(world.app.all('unsubscribe').map((call) => call.form.user)).toContain('ann')
  })

  it.each([
    'destroy_channel',
    'set_channel_options',
    'get_channel_info',
    'channel_info',
    'state_set_key',
    'state_delete_key',
    'publish',
  ])('%s refuses a missing channel, and a missing channel_name', async (method) => {
    const world = await start()
    const fields = { key: 'k', val: 1, payload: 1, reflective: false }
    expect(await world.rest.refused(method, { ...fields, channel_name: 'room' })).toBe(
      "Channel room doesn't exist",
    )
    expect(await world.rest.refused(method, fields)).toBe('Missing channel_name')
  })

  it("answers channel_info in the seed's shape", async () => {
    const world = await start()
    world.app.channels.set('room', { history_size: 4, reflective: false })
    const ann = await world.login('ann')
    await ann.subscribe('room')
    expect(await world.rest.ok('channel_info', { channel_name: 'room' })).toEqual({
      channel_name: 'room',
      subscribers: ['ann'],
      reflective: false,
      history: 4,
    })
  })
})

describeWorlds('REST on users (spec §6)', reliableKinds, (start) => {
  it('tells name, channels, connections and options', async () => {
    const world = await start()
    const ann = await world.login('ann')
    await world.login('ann')
    await ann.subscribe('room')
    const ids = world.app.all('connect').map((call) => call.form.conn_id)
    const info = await world.rest.ok('get_user_info', { user_name: 'ann' })
    expect({ ...info, connections: info.connections?.toSorted() }).toEqual({
      name: 'ann',
      channels: ['room'],
      connections: ids.toSorted(),
      options: {
        reflective: true,
        moderated_message: true,
        per_connection_subscriptions: false,
        global_unsubscriptions: false,
        auto_subscribe: [],
      },
    })
    const server = await world.rest.ok('get_server_info')
    expect(server.channels).toEqual(['room'])
    expect(server.connections?.toSorted()).toEqual(ids.toSorted())
    expect(await world.rest.refused('get_user_info', { user_name: 'bob' })).toBe(
      "User bob doesn't exist",
    )
    expect(await world.rest.refused('get_user_info')).toBe('Missing user_name')
  })

  it('sets user options, which apply at once', async () => {
    const world = await start()
    const ann = await world.login('ann')
    const bob = await world.login('bob')
    await world.rest.ok('set_user_options', {
      user_name: 'ann',
      moderated_message: false,
      reflective: false,
    })
    await expect
      .poll(async () => {
        const before = world.app.count('message')
        ann.send('MESSAGE', { name: 'bob', payload: '1' })
        await bob.next('MESSAGE')
        return world.app.count('message') - before
      })
      .toBe(0)
    for (const [option, value] of [
      ['reflective', 'no'],
      ['colour', 1],
      ['auto_subscribe', 'x'],
    ] as const) {
      const fields = { user_name: 'ann', [option]: value }
      expect(await world.rest.refused('set_user_options', fields)).toContain(option)
    }
  })

  it('sends a message as somebody, asking only with send_hook', async () => {
    const world = await start()
    const bob = await world.login('bob')
    const fields = { sender_name: 'ann', recipient_name: 'bob', payload: { hi: 1 } }
    await world.login('ann')
    await world.rest.ok('message', fields)
    expect(await bob.next('MESSAGE')).toMatchObject({
      sender: 'ann',
      recipient: 'bob',
      payload: { hi: 1 },
    })
    expect(world.app.count('message')).toBe(0)
    world.app.answer('message', [false, { error: 'no' }])
    expect(await world.rest.refused('message', { ...fields, send_hook: '1' })).toBe('no')
  })

  it('disconnects one connection, which is a real leave', async () => {
    const world = await start()
    const ann = await world.login('ann')
    const two = await world.login('ann')
    const [first] = world.app.all('connect').map((call) => call.form.conn_id)
    await world.rest.ok('disconnect', { identifier: first })
    expect((await ann.closed).code).toBe(4001)
    await two.subscribe('room')
    await world.rest.refused('disconnect', { identifier: 'f'.repeat(32) })
    await world.rest.refused('disconnect', {})
  })

  it('disconnects a user from everywhere', async () => {
    const world = await start()
    const clients = [await world.login('ann'), await world.login('ann')]
    await clients[0]?.subscribe('room')
    await world.rest.ok('disconnect_user', { name: 'ann' })
    await Promise.all(clients.map((client) => client.closed))
    expect((await world.app.next('disconnect')).form).toMatchObject({
      name: 'ann',
      channels: '["room"]',
    })
    expect(await world.rest.refused('disconnect_user', { name: 'ann' })).toBe(
      "User ann doesn't exist",
    )
  })
})
