import { expect, it } from 'vitest'
import { describeWorlds, reliableKinds } from '../helpers/world.ts'

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
