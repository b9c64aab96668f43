import { expect, it } from 'vitest'
import type { Answer } from '../helpers/app.ts'
import { createManualClock } from '../helpers/manual-clock.ts'
import { describeWorlds, oneKind } from '../helpers/world.ts'

const bad: [string, Answer][] = [
  ['500', { status: 500, body: '[true, {}]' }],
  ['403', { status: 403, body: 'CSRF' }],
  ['404', { status: 404, body: '[true, {}]' }],
  ['201', { status: 201, body: '[true, {}]' }],
  ['a redirect', { status: 302, headers: { Location: '/login' }, body: '' }],
  ['HTML', { headers: { 'Content-Type': 'text/html' }, body: '<!doctype html><p>login' }],
  ['nothing', { body: '' }],
  ['[true]', [true]],
  ['a list of three', [true, {}, {}]],
  ['true', { body: 'true' }],
  ['a text as object', [true, 'x']],
  ['a list as object', [true, []]],
  ['null as object', [true, null]],
  ['10 MB', { body: `[true, {"x": "${'x'.repeat(10_000_000)}"}]` }],
  ['JSON nested 10,000 deep', { body: `[true, {"a":${'['.repeat(1e4)}${']'.repeat(1e4)}}]` }],
  ['lone surrogates', { body: '[true, {"name": "\\ud800"}]' }],
  ['invalid UTF-8', { body: Buffer.from([0x5b, 0x74, 0xff, 0xfe]) }],
]

describeWorlds('hooks that fail (spec §5: fail closed; issue item 9)', oneKind, (start) => {
  it.each(bad)('refuses subscribe on %s, and the client may retry', async (_what, answer) => {
    const world = await start()
    const ann = await world.login('ann')
    const bob = await world.login('bob')
    await bob.subscribe('room')
    world.app.answer('subscribe', answer)
    const id = ann.send('SUBSCRIBE', { channel_name: 'room' })
    expect(await ann.error(id)).toEqual({
      id,
      reference_id: id,
      msg: 'Temporarily unavailable',
    })
    bob.publish('room', 'mark')
    await bob.published('room')
    expect(await ann.unread('PUBLISH', 'SUBSCRIBE')).toEqual([])
    world.app.answer('subscribe', [true, {}])
    await ann.subscribe('room')
  })

  it.each(bad.slice(0, 7))('refuses connect on %s; the link stays open', async (_what, answer) => {
    const world = await start()
    world.app.answer('connect', answer)
    const client = await world.open()
    const id = client.send('CONNECT', { cookie_string: 'user=ann' })
    expect((await client.error(id)).msg).toBe('Temporarily unavailable')
    world.app.answer('connect', [true, { name: 'ann' }])
    client.send('CONNECT', { cookie_string: '' })
    expect((await client.next('CONNECTED')).name).toBe('ann')
  })

  it.each(['create_channel', 'publish', 'unsubscribe', 'message'])(
    'refuses where %s fails',
    async (hook) => {
      const world = await start()
      const ann = await world.login('ann')
      await ann.subscribe('room')
      world.app.answer(hook, { status: 500 })
      const frames: Record<string, () => number> = {
        create_channel: () => ann.send('SUBSCRIBE', { channel_name: 'other' }),
        publish: () => ann.publish('room', 1),
        unsubscribe: () => ann.send('UNSUBSCRIBE', { channel_name: 'room' }),
        message: () => ann.send('MESSAGE', { name: 'ann', payload: '1' }),
      }
      const id = frames[hook]?.() ?? 0
      expect((await ann.error(id)).msg).toBe('Temporarily unavailable')
      expect(await ann.unread('PUBLISH', 'MESSAGE', 'UNSUBSCRIBE', 'SUBSCRIBE')).toEqual([])
      expect((await world.rest.ok('get_server_info')).channels).toEqual(['room'])
    },
  )

  it('tells REST callers of send_hook the same', async () => {
    const world = await start()
    await world.rest.create('room')
    world.app.answer('publish', { status: 500 })
    const fields = { channel_name: 'room', payload: 1, send_hook: '1' }
    expect(await world.rest.refused('publish', fields)).toBe('Temporarily unavailable')
  })

  it('times out on silence, while everything else goes on', async () => {
    const world = await start({ args: ['--hook-timeout', '0.5'] })
    const ann = await world.login('ann')
    await ann.subscribe('room')
    world.app.on('publish', (call) => (call.form.payload === '1' ? { hang: true } : [true, {}]))
    const id = ann.publish('room', 1)
    await world.app.next('publish')
    const bob = await world.login('bob')
    await bob.subscribe('room')
    bob.publish('room', 2)
    expect((await ann.published('room')).payload).toBe(2)
    expect((await ann.error(id)).msg).toBe('Temporarily unavailable')
  })

  it('refuses while the app is down, and works when it is back', async () => {
    const world = await start({ appArgs: () => ['--app-url', 'http://127.0.0.1:9/hookbox'] })
    const client = await world.open()
    const id = client.send('CONNECT', { cookie_string: '' })
    expect((await client.error(id)).msg).toBe('Temporarily unavailable')
    await world.rest.ok('set_config', { cbport: world.app.port })
    client.send('CONNECT', { cookie_string: 'user=ann' })
    expect((await client.next('CONNECTED')).name).toBe('ann')
  })

  it('does not follow a redirect', async () => {
    const world = await start()
    world.app.answer('connect', { status: 307, headers: { Location: '/elsewhere' } })
    const client = await world.open()
    await client.error(client.send('CONNECT', { cookie_string: '' }))
    expect(world.app.calls.all.map((call) => call.path)).toEqual(['/hookbox/connect'])
  })

  it('tells the cause and the request id with --dev only', async () => {
    const world = await start({ args: ['--dev'] })
    world.app.answer('connect', { status: 500 })
    const client = await world.open()
    const { msg } = await client.error(client.send('CONNECT', { cookie_string: '' }))
    const call = await world.app.next('connect')
    expect(msg).toContain('status')
    expect(msg).toContain(String(call.headers['webhook-id']))
  })

  it('tries a disconnect notice again under the same id until it is taken', async () => {
    const clock = createManualClock()
    const world = await start({ clock })
    world.app.answer('disconnect', { status: 503 })
    const ann = await world.login('ann', { cookies: 'sid=1' })
    await ann.close()
    const first = await world.app.next('disconnect')
    world.app.answer('disconnect', { body: 'whatever' })
    for (let n = 0; n < 4; n += 1) await clock.advance(2000)
    const second = await world.app.next('disconnect')
    expect(second.headers['webhook-id']).toBe(first.headers['webhook-id'])
    expect(first.headers.cookie).toBe('user=ann; sid=1')
    expect(second.headers.cookie).toBeUndefined()
  })
})
