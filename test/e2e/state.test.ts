import { expect, it } from 'vitest'
import { describeWorlds, reliableKinds } from '../helpers/world.ts'

describeWorlds('state (spec §3)', reliableKinds, (start) => {
  it('sends each change as one STATE_UPDATE with updates and deletes', async () => {
    const world = await start()
    const ann = await world.login('ann')
    await ann.subscribe('room')
    await world.rest.ok('state_set_key', { channel_name: 'room', key: 'a', val: { b: [1] } })
    expect(await ann.next('STATE_UPDATE')).toEqual({
      channel_name: 'room',
      updates: { a: { b: [1] } },
      deletes: [],
    })
    await world.rest.ok('state_delete_key', { channel_name: 'room', key: 'a' })
    expect(await ann.next('STATE_UPDATE')).toEqual({
      channel_name: 'room',
      updates: {},
      deletes: ['a'],
    })
  })

  it('sends nothing where nothing changed', async () => {
    const world = await start()
    world.app.channels.set('room', { state: { a: { x: 1 } } })
    const ann = await world.login('ann')
    await ann.subscribe('room')
    await world.rest.ok('state_set_key', { channel_name: 'room', key: 'a', val: { x: 1 } })
    await world.rest.ok('state_delete_key', { channel_name: 'room', key: 'none' })
    await world.rest.ok('set_channel_options', { channel_name: 'room', state: { a: { x: 1 } } })
    await world.rest.ok('state_set_key', { channel_name: 'room', key: 'mark', val: 1 })
    expect((await ann.next('STATE_UPDATE')).updates).toEqual({ mark: 1 })
    expect(await ann.unread('STATE_UPDATE')).toEqual([])
  })

  it('sends the difference where the whole state is replaced', async () => {
    const world = await start()
    world.app.channels.set('room', { state: { same: 1, changed: 1, gone: 1 } })
    const ann = await world.login('ann')
    expect((await ann.subscribe('room')).state).toEqual({ same: 1, changed: 1, gone: 1 })
    await world.rest.ok('set_channel_options', {
      channel_name: 'room',
      state: { same: 1, changed: 2, fresh: 1 },
    })
    expect(await ann.next('STATE_UPDATE')).toEqual({
      channel_name: 'room',
      updates: { changed: 2, fresh: 1 },
      deletes: ['gone'],
    })
    const bob = await world.login('bob')
    expect((await bob.subscribe('room')).state).toEqual({ same: 1, changed: 2, fresh: 1 })
  })

  it('keeps changes in order', async () => {
    const world = await start()
    const ann = await world.login('ann')
    await ann.subscribe('room')
    for (let n = 0; n < 20; n += 1) {
      await world.rest.ok('state_set_key', { channel_name: 'room', key: 'n', val: n })
    }
    for (let n = 0; n < 20; n += 1) {
      expect((await ann.next('STATE_UPDATE')).updates).toEqual({ n })
    }
  })

  it('refuses a state key named __proto__', async () => {
    const world = await start()
    await world.rest.create('room')
    await world.rest.refused('state_set_key', { channel_name: 'room', key: '__proto__', val: 1 })
    const answer = await world.rest.call(
      'set_channel_options',
      { channel_name: 'room', state: JSON.parse('{"__proto__": {"a": 1}}') as unknown },
      { form: 'json' },
    )
    expect(answer.ok).toBe(false)
  })
})

describeWorlds('server presence (spec §3)', reliableKinds, (start) => {
  const watched = { server_presenceful: true, server_user_presence: ['bob', 'mia'] }

  it('holds in the state who is connected at all, and keeps it up to date', async () => {
    const world = await start()
    world.app.channels.set('room', watched)
    await world.login('mia')
    const ann = await world.login('ann')
    expect((await ann.subscribe('room')).state).toEqual({ bob: false, mia: true })
    const one = await world.login('bob')
    expect((await ann.next('STATE_UPDATE')).updates).toEqual({ bob: true })
    const two = await world.login('bob')
    await one.close()
    await world.rest.ok('state_set_key', { channel_name: 'room', key: 'mark', val: 1 })
    expect((await ann.next('STATE_UPDATE')).updates).toEqual({ mark: 1 })
    await two.close()
    expect((await ann.next('STATE_UPDATE')).updates).toEqual({ bob: false })
  })

  it('follows changes of the list', async () => {
    const world = await start()
    const ann = await world.login('ann')
    await ann.subscribe('room')
    await world.rest.ok('set_channel_options', { channel_name: 'room', ...watched })
    await expect
      .poll(async () => {
        const info = await world.rest.ok('get_channel_info', { channel_name: 'room' })
        return info.options?.state
      })
      .toEqual({ bob: false, mia: false })
    await world.rest.ok('set_channel_options', {
      channel_name: 'room',
      server_user_presence: ['ann'],
    })
    await ann.next('STATE_UPDATE', (args) => JSON.stringify(args.updates) === '{"ann":true}')
  })
})
