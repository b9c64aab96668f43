import { expect, it } from 'vitest'
import { describeWorlds, oneKind, reliableKinds } from '../helpers/world.ts'

const defaults = {
  reflective: true,
  history_size: 0,
  history_duration: 0,
  history_publish_only: false,
  moderated: true,
  moderated_publish: true,
  moderated_subscribe: true,
  moderated_unsubscribe: true,
  presenceful: false,
  server_presenceful: false,
  server_user_presence: [],
  anonymous: false,
  polling: { mode: '', interval: 5, url: '', form: {}, originator: '' },
  history: [],
  state: {},
}

describeWorlds('channel options (spec §4)', oneKind, (start) => {
  it('have the documented defaults', async () => {
    const world = await start()
    await world.rest.create('room')
    const info = await world.rest.ok('get_channel_info', { channel_name: 'room' })
    expect(info).toEqual({ name: 'room', options: defaults, subscribers: [] })
  })

  it('are read back as set', async () => {
    const world = await start()
    const set = {
      reflective: false,
      history_size: 12,
      history_duration: 60,
      history_publish_only: true,
      moderated: false,
      moderated_publish: true,
      presenceful: true,
      server_presenceful: false,
      server_user_presence: ['ann', 'bob'],
      anonymous: true,
      state: { a: [1, { b: null }] },
    }
    await world.rest.create('room', set)
    const info = await world.rest.ok('get_channel_info', { channel_name: 'room' })
    expect(info.options).toEqual({
      ...defaults,
      ...set,
      moderated_subscribe: false,
      moderated_unsubscribe: false,
    })
  })

  it.each([
    ['history_size', -1],
    ['history_size', 1.5],
    ['history_size', '10'],
    ['history_size', 1_000_001],
    ['history_duration', 'x'],
    ['history_duration', -1],
    ['history_publish_only', 'yes'],
    ['reflective', 1],
    ['moderated', null],
    ['moderated_publish', 'no'],
    ['presenceful', []],
    ['server_user_presence', 'ann'],
    ['server_user_presence', [1]],
    ['anonymous', 0],
    ['polling', 'simple'],
    ['history', 'x'],
    ['history', [1]],
    ['history', -1],
    ['set_history', { a: 1 }],
    ['state', []],
    ['state', null],
    ['colour', 1],
    ['toString', 1],
    ['constructor', 1],
  ])('refuse the whole change and name the option: %s = %j', async (option, value) => {
    const world = await start()
    await world.rest.create('room', { history_size: 3 })
    const fields = { channel_name: 'room', presenceful: true, [option]: value }
    const answer = await world.rest.call('set_channel_options', fields, { form: 'json' })
    expect(answer.ok).toBe(false)
    expect(answer.body.msg).toContain(option)
    const info = await world.rest.ok('get_channel_info', { channel_name: 'room' })
    expect(info.options).toEqual({ ...defaults, history_size: 3 })
    const made = await world.rest.call(
      'create_channel',
      { channel_name: 'other', [option]: value },
      { form: 'json' },
    )
    expect(made.ok).toBe(false)
    expect((await world.rest.ok('get_server_info')).channels).toEqual(['room'])
  })

  it('of a create_channel answer are refused as a whole, and the client may retry', async () => {
    const world = await start()
    world.app.channels.set('room', { colour: 'red', history_size: 5 })
    const ann = await world.login('ann')
    const id = ann.send('SUBSCRIBE', { channel_name: 'room' })
    expect((await ann.error(id)).msg).not.toBe('')
    expect((await world.rest.ok('get_server_info')).channels).toEqual([])
    world.app.channels.set('room', {})
    await ann.subscribe('room')
  })
})

describeWorlds('moderation (spec §4)', reliableKinds, (start) => {
  async function hooksUnder(options: Record<string, unknown>) {
    const world = await start()
    world.app.channels.set('room', options)
    const ann = await world.login('ann')
    await ann.subscribe('room')
    ann.publish('room', 1)
    await ann.published('room')
    ann.send('UNSUBSCRIBE', { channel_name: 'room' })
    await ann.next('UNSUBSCRIBE')
    await world.app.next('destroy_channel')
    return ['create_channel', 'subscribe', 'publish', 'unsubscribe', 'destroy_channel'].filter(
      (hook) => world.app.count(hook) > 0,
    )
  }

  it('asks everything by default', async () => {
    expect(await hooksUnder({})).toEqual([
      'create_channel',
      'subscribe',
      'publish',
      'unsubscribe',
      'destroy_channel',
    ])
  })

  it('asks only about the channel itself under {moderated: false}', async () => {
    expect(await hooksUnder({ moderated: false })).toEqual(['create_channel', 'destroy_channel'])
  })

  it('asks only about publishing under {moderated: false, moderated_publish: true}', async () => {
    expect(await hooksUnder({ moderated: false, moderated_publish: true })).toEqual([
      'create_channel',
      'publish',
      'destroy_channel',
    ])
  })

  it('asks everything under {moderated: true}, whatever the single flags say', async () => {
    const options = {
      moderated: true,
      moderated_publish: false,
      moderated_subscribe: false,
      moderated_unsubscribe: false,
    }
    expect(await hooksUnder(options)).toHaveLength(5)
  })

  it('applies a change of moderation at once', async () => {
    const world = await start()
    const ann = await world.login('ann')
    await ann.subscribe('room')
    await world.rest.ok('set_channel_options', { channel_name: 'room', moderated: false })
    const before = world.app.count('publish')
    await expect
      .poll(async () => {
        const asked = world.app.count('publish')
        ann.publish('room', 1)
        await ann.published('room')
        return world.app.count('publish') - asked
      })
      .toBe(0)
    expect(world.app.count('publish') - before).toBeLessThan(5)
  })
})
