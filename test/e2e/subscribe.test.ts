import { expect, it } from 'vitest'
import { describeWorlds, reliableKinds } from '../helpers/world.ts'

describeWorlds('subscribe (spec §3)', reliableKinds, (start) => {
  it('asks create_channel, then subscribe, then joins', async () => {
    const world = await start()
    const ann = await world.login('ann')
    await ann.subscribe('room')
    expect(world.app.calls.all.map((call) => call.action)).toEqual([
      'connect',
      'create_channel',
      'subscribe',
    ])
    const info = await world.rest.ok('get_channel_info', { channel_name: 'room' })
    expect(info.subscribers).toEqual(['ann'])
  })

  it('creates nothing and joins nobody where create_channel refuses', async () => {
    const world = await start()
    world.app.answer('create_channel', [false, { error: 'no such room' }])
    const ann = await world.login('ann')
    const id = ann.send('SUBSCRIBE', { channel_name: 'room' })
    expect((await ann.error(id)).msg).toBe('no such room')
    expect(world.app.count('subscribe')).toBe(0)
    expect((await world.rest.ok('get_server_info')).channels).toEqual([])
  })

  it('joins nobody where subscribe refuses', async () => {
    const world = await start()
    world.app.channels.set('room', { presenceful: true })
    world.app.on('subscribe', (call) => [call.form.user !== 'bob', {}])
    const ann = await world.login('ann')
    const bob = await world.login('bob')
    await ann.subscribe('room')
    expect((await bob.error(bob.send('SUBSCRIBE', { channel_name: 'room' }))).msg).toBe(
      'Unauthorized',
    )
    ann.publish('room', 'mark')
    await ann.published('room')
    expect(await ann.unread('SUBSCRIBE')).toEqual([])
    expect(await bob.unread('SUBSCRIBE', 'PUBLISH')).toEqual([])
  })

  it('passes initial_data on, and only then sends that key', async () => {
    const world = await start()
    world.app.answer('subscribe', [true, { initial_data: { unread: 3 } }])
    const ann = await world.login('ann')
    expect((await ann.subscribe('room')).initial_data).toEqual({ unread: 3 })
  })

  it('neither asks nor answers again where the connection is subscribed already', async () => {
    const world = await start()
    const ann = await world.login('ann')
    await ann.subscribe('room')
    ann.send('SUBSCRIBE', { channel_name: 'room' })
    ann.publish('room', 1)
    await ann.published('room')
    expect(await ann.unread('SUBSCRIBE')).toEqual([])
    expect(world.app.count('subscribe')).toBe(1)
  })

  it('lists all subscribers in joining order, the new one included', async () => {
    const world = await start()
    world.app.channels.set('room', { presenceful: true })
    for (const name of ['zoe', 'ann', 'mia']) {
      const client = await world.login(name)
      await client.subscribe('room')
    }
    const bob = await world.login('bob')
    expect((await bob.subscribe('room')).presence).toEqual(['zoe', 'ann', 'mia', 'bob'])
  })

  it('tells nobody on a channel that is not presenceful', async () => {
    const world = await start()
    const ann = await world.login('ann')
    const bob = await world.login('bob')
    await ann.subscribe('room')
    expect((await bob.subscribe('room')).presence).toEqual([])
    bob.publish('room', 'mark')
    await ann.published('room')
    expect(await ann.unread('SUBSCRIBE')).toEqual([])
  })

  it('asks create_channel once for two who come at the same time', async () => {
    const world = await start()
    const held = world.app.hold('create_channel')
    const ann = await world.login('ann', { node: 0 })
    const bob = await world.login('bob', { node: 0 })
    ann.send('SUBSCRIBE', { channel_name: 'room' })
    bob.send('SUBSCRIBE', { channel_name: 'room' })
    await world.app.next('create_channel')
    await bob.barrier()
    held.release()
    await Promise.all([ann.snapshot('room'), bob.snapshot('room')])
    expect(world.app.count('create_channel')).toBe(1)
  })

  it('lets a REST create from inside the waiting create hook win', async () => {
    const world = await start()
    world.app.on('create_channel', async (call) => {
      await world.rest.create(call.form.channel_name ?? '', { history_size: 7 })
      return [true, { history_size: 3 }]
    })
    const ann = await world.login('ann')
    expect((await ann.subscribe('room')).history_size).toBe(7)
  })
})

describeWorlds('subscriptions belong to the user (spec §3)', reliableKinds, (start) => {
  it('sends the snapshot and all later frames to every connection of the user', async () => {
    const world = await start()
    const one = await world.login('ann')
    const two = await world.login('ann')
    await one.subscribe('room')
    expect((await two.snapshot('room')).user).toBe('ann')
    two.publish('room', 'hi')
    expect((await one.published('room')).payload).toBe('hi')
    expect((await two.published('room')).payload).toBe('hi')
    expect(world.app.count('subscribe')).toBe(1)
  })

  it('unsubscribes every connection of the user', async () => {
    const world = await start()
    const one = await world.login('ann')
    const two = await world.login('ann')
    const bob = await world.login('bob')
    await bob.subscribe('room')
    await one.subscribe('room')
    await two.snapshot('room')
    two.send('UNSUBSCRIBE', { channel_name: 'room' })
    await one.next('UNSUBSCRIBE')
    await two.next('UNSUBSCRIBE')
    bob.publish('room', 1)
    await bob.published('room')
    expect(await one.unread('PUBLISH')).toEqual([])
    expect(world.app.count('unsubscribe')).toBe(1)
  })

  it('joins and leaves once, however many connections there are', async () => {
    const world = await start()
    world.app.channels.set('room', { presenceful: true })
    const bob = await world.login('bob')
    await bob.subscribe('room')
    const one = await world.login('ann')
    await one.subscribe('room')
    const two = await world.login('ann')
    await two.snapshot('room')
    await bob.next('SUBSCRIBE')
    await one.close()
    two.publish('room', 'still here')
    await bob.published('room')
    expect(await bob.unread('SUBSCRIBE', 'UNSUBSCRIBE')).toEqual([])
    await two.close()
    expect((await bob.next('UNSUBSCRIBE')).user).toBe('ann')
    expect(await bob.unread('SUBSCRIBE', 'UNSUBSCRIBE')).toEqual([])
  })

  it('unsubscribes from everything, then tells disconnect, when the last connection closes', async () => {
    const world = await start()
    const ann = await world.login('ann')
    const { form } = await world.app.next('connect')
    await ann.subscribe('one')
    await ann.subscribe('two')
    world.app.answer('unsubscribe', [false, { error: 'stay' }])
    await ann.close()
    const told = await world.app.next('disconnect')
    expect(told.form.name).toBe('ann')
    expect(told.form.conn_id).toBe(form.conn_id)
    expect((JSON.parse(told.form.channels ?? '') as string[]).toSorted()).toEqual(['one', 'two'])
    const asked = world.app.all('unsubscribe').map((call) => call.form.channel_name)
    expect(asked.toSorted()).toEqual(['one', 'two'])
    expect(await world.rest.refused('get_user_info', { user_name: 'ann' })).toBe(
      "User ann doesn't exist",
    )
  })

  it('tells no disconnect while another connection stays', async () => {
    const world = await start()
    const one = await world.login('ann')
    const two = await world.login('ann')
    await one.subscribe('room')
    await two.snapshot('room')
    await one.close()
    await two.close()
    await world.app.next('disconnect')
    expect(world.app.count('disconnect')).toBe(1)
  })
})

describeWorlds('per_connection_subscriptions (spec §3)', reliableKinds, (start) => {
  it('keeps a subscription to the connection that asked, and gives the other its own snapshot', async () => {
    const world = await start()
    world.app.users.set('ann', { per_connection_subscriptions: true })
    const one = await world.login('ann')
    const two = await world.login('ann')
    const bob = await world.login('bob')
    await bob.subscribe('room')
    await one.subscribe('room')
    bob.publish('room', 1)
    await one.published('room')
    expect(await two.unread('SUBSCRIBE', 'PUBLISH')).toEqual([])
    await two.subscribe('room')
    expect(world.app.all('subscribe').filter((call) => call.form.user === 'ann')).toHaveLength(1)
    bob.publish('room', 2)
    expect((await one.published('room')).payload).toBe(2)
    expect((await two.published('room')).payload).toBe(2)
  })

  it('ends all on UNSUBSCRIBE, but only its own on close', async () => {
    const world = await start()
    world.app.users.set('ann', { per_connection_subscriptions: true })
    world.app.channels.set('room', { presenceful: true })
    const bob = await world.login('bob')
    await bob.subscribe('room')
    const [one, two, three] = [
      await world.login('ann'),
      await world.login('ann'),
      await world.login('ann'),
    ]
    await one.subscribe('room')
    await two.subscribe('room')
    await three.subscribe('room')
    await one.close()
    bob.publish('room', 1)
    await two.published('room')
    await three.published('room')
    expect(await bob.unread('UNSUBSCRIBE')).toEqual([])
    two.send('UNSUBSCRIBE', { channel_name: 'room' })
    await two.next('UNSUBSCRIBE')
    await three.next('UNSUBSCRIBE')
    expect((await bob.next('UNSUBSCRIBE')).user).toBe('ann')
  })
})

describeWorlds('global_unsubscriptions (spec §3)', reliableKinds, (start) => {
  it('unsubscribes the user everywhere when one connection is lost', async () => {
    const world = await start()
    world.app.users.set('ann', { global_unsubscriptions: true })
    world.app.channels.set('room', { presenceful: true })
    const bob = await world.login('bob')
    await bob.subscribe('room')
    const one = await world.login('ann')
    await one.subscribe('room')
    const two = await world.login('ann')
    await two.snapshot('room')
    await one.close()
    expect((await bob.next('UNSUBSCRIBE')).user).toBe('ann')
    await two.next('UNSUBSCRIBE')
    bob.publish('room', 1)
    await bob.published('room')
    expect(await two.unread('PUBLISH')).toEqual([])
  })
})
