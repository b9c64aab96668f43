import { expect, it } from 'vitest'
import { describeWorlds, oneKind, reliableKinds } from '../helpers/world.ts'

describeWorlds('connect (spec §3)', reliableKinds, (start) => {
  it('shows a refusal as Unauthorized and leaves the link open for another try', async () => {
    const world = await start()
    world.app.answer('connect', [false, {}])
    const client = await world.open()
    const id = client.send('CONNECT', { cookie_string: 'user=ann' })
    expect(await client.error(id)).toEqual({ id, reference_id: id, msg: 'Unauthorized' })
    world.app.answer('connect', [true, { name: 'ann' }])
    client.send('CONNECT', { cookie_string: 'user=ann' })
    expect((await client.next('CONNECTED')).name).toBe('ann')
  })

  it.each([
    [{ error: 'not on Mondays' }, 'not on Mondays'],
    [{ msg: 'go away' }, 'go away'],
    [{ error: '' }, 'Unauthorized'],
  ])("shows the hook's own error %j", async (answer, msg) => {
    const world = await start()
    world.app.answer('connect', [false, answer])
    const client = await world.open()
    expect((await client.error(client.send('CONNECT', { cookie_string: '' }))).msg).toBe(msg)
  })

  it('makes an accepted user without a name a guest named by the connection id', async () => {
    const world = await start()
    world.app.answer('connect', [true, {}])
    const client = await world.open()
    client.send('CONNECT', { cookie_string: '' })
    const { name } = await client.next('CONNECTED')
    const call = await world.app.next('connect')
    expect(call.form.conn_id).toMatch(/^[0-9a-f]{32}$/)
    expect(name).toBe(`guest-${call.form.conn_id?.slice(0, 8)}`)
  })

  it('gives two guests two names', async () => {
    const world = await start()
    world.app.answer('connect', [true, {}])
    const [one, two] = [await world.login('x'), await world.login('x')]
    expect(one.user).not.toBe(two.user)
  })

  it('takes a number as name for its decimal text', async () => {
    const world = await start()
    world.app.answer('connect', [true, { name: 42 }])
    const client = await world.login('x')
    expect(client.user).toBe('42')
    expect((await client.subscribe('room')).user).toBe('42')
  })

  it.each([
    [{ override_payload: 'kept' }, 'kept'],
    [{ override_payload: { a: [1] } }, { a: [1] }],
  ])('sends %j instead of the payload', async (answer, payload) => {
    const world = await start()
    world.app.answer('connect', [true, { name: 'ann', ...answer }])
    const client = await world.open()
    client.send('CONNECT', { cookie_string: '', payload: '{"mine":1}' })
    expect((await client.next('CONNECTED')).payload).toEqual(payload)
  })

  it('hands the payload text to the hook and back unchanged', async () => {
    const world = await start()
    const client = await world.open()
    client.send('CONNECT', { cookie_string: 'user=ann', payload: '{"b":1,  "a":"é"}' })
    expect((await client.next('CONNECTED')).payload).toBe('{"b":1,  "a":"é"}')
    expect((await world.app.next('connect')).form.payload).toBe('{"b":1,  "a":"é"}')
  })

  it('sends CONNECTED, the snapshots of what the user is in, then the auto lists, in this order', async () => {
    const world = await start()
    const first = await world.login('ann')
    await first.subscribe('one')
    await first.subscribe('two')
    world.app.users.set('ann', { auto_subscribe: ['three'], auto_unsubscribe: ['one'] })
    const second = await world.login('ann')
    await second.snapshot('three')
    await second.next('UNSUBSCRIBE')
    const seen = second.frames.all.map((frame) => [frame.name, frame.args.channel_name])
    expect(seen[0]).toEqual(['CONNECTED', undefined])
    expect(seen.slice(1, 3).toSorted()).toEqual([
      ['SUBSCRIBE', 'one'],
      ['SUBSCRIBE', 'two'],
    ])
    expect(seen.slice(3).toSorted()).toEqual([
      ['SUBSCRIBE', 'three'],
      ['UNSUBSCRIBE', 'one'],
    ])
  })

  it('carries auto lists out without subscribe and unsubscribe hooks, but asks create_channel', async () => {
    const world = await start()
    world.app.users.set('ann', { auto_subscribe: ['news'] })
    const ann = await world.login('ann')
    await ann.snapshot('news')
    expect(world.app.count('create_channel')).toBe(1)
    expect(world.app.count('subscribe')).toBe(0)
    world.app.users.set('ann', { auto_unsubscribe: ['news'] })
    const second = await world.login('ann')
    await second.next('UNSUBSCRIBE', (args) => args.channel_name === 'news')
    expect(world.app.count('unsubscribe')).toBe(0)
  })

  it('sets all user options anew with each connect', async () => {
    const world = await start()
    world.app.users.set('ann', { reflective: false, moderated_message: false })
    await world.login('ann')
    expect((await world.rest.ok('get_user_info', { user_name: 'ann' })).options).toEqual({
      reflective: false,
      moderated_message: false,
      per_connection_subscriptions: false,
      global_unsubscriptions: false,
      auto_subscribe: [],
    })
    world.app.users.set('ann', { global_unsubscriptions: true })
    await world.login('ann')
    expect((await world.rest.ok('get_user_info', { user_name: 'ann' })).options).toMatchObject({
      reflective: true,
      moderated_message: true,
      global_unsubscriptions: true,
    })
  })

  it('ignores keys of the answer that it does not know', async () => {
    const world = await start()
    world.app.answer('connect', [true, { name: 'ann', colour: 'red', history_size: 'x' }])
    expect((await world.login('ann')).user).toBe('ann')
  })

  it.each(['', 'a\nb', 'x'.repeat(201), 'a\u202eb', ['ann'], { a: 1 }, true])(
    'fails closed on the name %j',
    async (name) => {
      const world = await start()
      world.app.answer('connect', [true, { name }])
      const client = await world.open()
      const id = client.send('CONNECT', { cookie_string: '' })
      const error = await client.error(id)
      expect(error.msg).not.toBe('')
      expect((await world.rest.ok('get_server_info')).connections).toEqual([])
    },
  )
})

describeWorlds('connect with --auto-subscribe-asks (spec §5)', oneKind, (start) => {
  it('asks the hooks for auto lists too', async () => {
    const world = await start({ args: ['--auto-subscribe-asks'] })
    world.app.on('subscribe', (call) => [call.form.channel_name !== 'secret', {}])
    world.app.users.set('ann', { auto_subscribe: ['secret', 'news'] })
    const ann = await world.login('ann')
    await ann.snapshot('news')
    expect(world.app.count('subscribe')).toBe(2)
    expect(await ann.unread('SUBSCRIBE')).toEqual([])
  })
})
