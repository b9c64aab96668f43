import { expect, it } from 'vitest'
import { describeWorlds, reliableKinds } from '../helpers/world.ts'

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
    const fields = method.startsWith('state') ? { key: 'k', val: 1 } : {}
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
