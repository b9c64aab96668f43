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
    for (const id of ['a b', 'x'.repeat(65), 'é'])
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
