import { expect, it } from 'vitest'
import { createManualClock } from '../helpers/manual-clock.ts'
import { describeWorlds, oneKind, reliableKinds } from '../helpers/world.ts'

describeWorlds('answers that are allowed but odd (spec §5)', reliableKinds, (start) => {
  it.each([
    ['a text for a list', { auto_subscribe: 'room' }],
    ['numbers in the list', { auto_subscribe: [5, null, {}] }],
    ['bad names in the list', { auto_subscribe: ['a\nb', '', 'x'.repeat(201)] }],
    ['unknown channels to leave', { auto_unsubscribe: ['nowhere', 'nowhere'] }],
    ['an object', { auto_subscribe: { length: 3 } }],
    ['a list as override', { override_payload: [[[]]] }],
    ['an object as error', { error: { a: 1 }, msg: 5 }],
    ['__proto__', JSON.parse('{"__proto__": {"only_to_sender": true}}') as object],
  ])('harm nobody: %s', async (_what, answer) => {
    const world = await start()
    const ann = await world.login('ann')
    const bob = await world.login('bob')
    await ann.subscribe('room')
    await bob.subscribe('room')
    for (const verdict of [true, false]) {
      world.app.answer('publish', [verdict, answer])
      ann.publish('room', 'odd')
      await world.app.next('publish')
    }
    world.app.answer('publish', [true, {}])
    bob.publish('room', 'mark')
    await bob.next('PUBLISH', (args) => args.payload === 'mark')
    await ann.next('PUBLISH', (args) => args.payload === 'mark')
    const info = await world.rest.ok('get_channel_info', { channel_name: 'room' })
    expect(info.subscribers?.toSorted()).toEqual(['ann', 'bob'])
    expect((await world.rest.ok('get_server_info')).channels).toEqual(['room'])
  })

  it.each([5, '', 'a\nb', ['bob'], { a: 1 }])(
    'send a message to nobody wrong: override_recipient_name %j',
    async (name) => {
      const world = await start()
      const ann = await world.login('ann')
      const bob = await world.login('bob')
      world.app.answer('message', [true, { override_recipient_name: name }])
      ann.send('MESSAGE', { name: 'bob', payload: '"odd"' })
      await world.app.next('message')
      world.app.answer('message', [true, {}])
      ann.send('MESSAGE', { name: 'bob', payload: '"mark"' })
      await bob.next('MESSAGE', (args) => args.payload === 'mark')
    },
  )
})

describeWorlds('two CONNECTs in a row (spec §2, §3)', oneKind, (start) => {
  it('answers the second by Already logged in where the first is accepted', async () => {
    const world = await start()
    const client = await world.open()
    client.send('CONNECT', { cookie_string: 'user=ann' })
    const second = client.send('CONNECT', { cookie_string: 'user=bob' })
    expect((await client.error(second)).msg).toBe('Already logged in')
    expect((await client.next('CONNECTED')).name).toBe('ann')
    expect(client.names.filter((name) => name === 'CONNECTED')).toHaveLength(1)
  })

  it('takes the second where the first is refused', async () => {
    const world = await start()
    world.app.on('connect', (call) => [
      call.headers.cookie === 'user=bob',
      { name: 'bob', error: 'not you' },
    ])
    const client = await world.open()
    const first = client.send('CONNECT', { cookie_string: 'user=ann' })
    client.send('CONNECT', { cookie_string: 'user=bob' })
    expect((await client.error(first)).msg).toBe('not you')
    expect((await client.next('CONNECTED')).name).toBe('bob')
  })
})

describeWorlds('the pace of one connection (safety §4)', oneKind, (start) => {
  it('asks no more gates at a time than --max-gates-per-connection, and loses nothing', async () => {
    const world = await start({ args: ['--max-gates-per-connection', '2'] })
    const ann = await world.login('ann')
    const names = ['a', 'b', 'c', 'd', 'e']
    for (const name of names) await ann.subscribe(name)
    const held = world.app.hold('publish')
    for (const name of names.slice(0, 2)) ann.publish(name, 1)
    await world.app.next('publish')
    await world.app.next('publish')
    for (const name of names.slice(2)) ann.publish(name, 1)
    const bob = await world.login('bob')
    await bob.subscribe('a')
    expect(world.app.count('publish')).toBe(2)
    held.release()
    for (const name of names) await ann.published(name)
  })

  it('holds frames back too that came in the same message as those at the limit', async () => {
    const world = await start({ args: ['--max-gates-per-connection', '2'] })
    const ann = await world.login('ann')
    const names = ['a', 'b', 'c', 'd', 'e', 'f']
    for (const name of names) await ann.subscribe(name)
    const held = world.app.hold('publish')
    const frames = names.map((name, n) => [
      n + 100,
      'PUBLISH',
      { channel_name: name, payload: '1' },
    ])
    ann.raw(frames.map((frame) => `${JSON.stringify(frame)}\r\n`).join(''))
    await world.app.next('publish')
    await world.app.next('publish')
    const bob = await world.login('bob')
    await bob.subscribe('a')
    expect(world.app.count('publish')).toBe(2)
    held.release()
    for (const name of names) await ann.published(name)
  })

  it('only pauses a connection that sends too fast', async () => {
    const world = await start({ args: ['--max-frames-per-second', '50'] })
    await world.rest.create('room', { moderated: false })
    const ann = await world.login('ann')
    await ann.subscribe('room')
    for (let n = 0; n < 120; n += 1) ann.publish('room', n)
    for (let n = 0; n < 120; n += 1) expect((await ann.published('room')).payload).toBe(n)
  })
})

describeWorlds('times (spec §2)', oneKind, (start) => {
  it('are the server’s local time without zone', async () => {
    const clock = createManualClock(new Date(2026, 6, 2, 3, 4, 5, 678).getTime())
    const world = await start({ clock })
    world.app.channels.set('room', { history_size: 3, history_publish_only: true })
    const ann = await world.login('ann')
    await ann.subscribe('room')
    ann.publish('room', 1)
    expect((await ann.published('room')).datetime).toBe('2026-07-02T03:04:05')
    const answer = await world.rest.publish('room', 2)
    expect(answer.datetime).toBe('2026-07-02T03:04:05')
    const bob = await world.login('bob')
    const { history } = await bob.subscribe('room')
    expect(history?.[0]?.[1].datetime).toBe('2026-07-02T03:04:05')
  })
})

describeWorlds(
  'notices (spec §3, hipochat §3)',
  ['one node, level', 'one node, memory'],
  (start) => {
    it('survive a restart and keep their id', async () => {
      const clock = createManualClock()
      const world = await start({ clock })
      world.app.answer('disconnect', { status: 500 })
      const ann = await world.login('ann')
      await ann.subscribe('room')
      await ann.close()
      const first = await world.app.next('disconnect')
      await world.restart()
      world.app.answer('disconnect', { body: 'ok' })
      for (let n = 0; n < 5; n += 1) await clock.advance(5000)
      const again = await world.app.next('disconnect')
      expect(again.headers['webhook-id']).toBe(first.headers['webhook-id'])
      expect(again.form).toEqual(first.form)
      await clock.advance(700_000)
      expect(world.app.count('disconnect')).toBe(2)
    })
  },
)
