import { expect, it } from 'vitest'
import type { TestApp } from '../helpers/app.ts'
import { createManualClock } from '../helpers/manual-clock.ts'
import { describeWorlds, oneKind, worldKinds } from '../helpers/world.ts'

const text = (body: string, type = 'application/json') => ({
  headers: { 'Content-Type': type },
  body,
})

function polled(app: TestApp, path: string) {
  return app.calls.next(`poll of ${path}`, (call) => call.path === path)
}

describeWorlds('polling: what is published (spec §3)', worldKinds, (start) => {
  it('publishes JSON as JSON and text as text, as the originator (simple)', async () => {
    const world = await start()
    const bodies = ['{"temp": 21}', 'plain text', '{broken']
    world.app.route('/data', () => text(bodies.shift() ?? '"later"'))
    world.app.channels.set('room', {
      history_size: 10,
      history_publish_only: true,
      polling: {
        mode: 'simple',
        interval: 0.1,
        url: `${world.app.origin}/data`,
        originator: 'weather',
      },
    })
    const ann = await world.login('ann')
    await ann.subscribe('room')
    expect(await ann.published('room')).toMatchObject({ payload: { temp: 21 }, user: 'weather' })
    expect((await ann.published('room')).payload).toBe('plain text')
    expect((await ann.published('room')).payload).toBe('{broken')
    expect((await polled(world.app, '/data')).method).toBe('GET')
    expect(world.app.count('publish')).toBe(0)
  })
})

describeWorlds('polling by the clock (spec §3)', oneKind, (start) => {
  it('polls first after one interval, then every interval, without cookies (simple)', async () => {
    const clock = createManualClock()
    const world = await start({ clock })
    world.app.route('/data', () => text('1'))
    const polling = { mode: 'simple', interval: 10, url: `${world.app.origin}/data` }
    world.app.channels.set('room', { polling })
    const ann = await world.login('ann', { cookies: 'sessionid=s3cret' })
    await ann.subscribe('room')
    await clock.advance(9000)
    expect(world.app.calls.all.filter((call) => call.path === '/data')).toEqual([])
    for (let n = 0; n < 3; n += 1) {
      await clock.advance(n === 0 ? 1500 : 10_500)
      expect((await polled(world.app, '/data')).headers.cookie).toBeUndefined()
      expect(await ann.published('room')).toMatchObject({ payload: 1, user: '' })
    }
  })

  it('posts the form with the secret, applies options, then publishes (persistent)', async () => {
    const clock = createManualClock()
    const world = await start({ clock, args: ['--webhook-secret', 'hush'] })
    world.app.route('/poll', () => [
      true,
      { payload: { n: 1 }, state: { a: 1 }, reflective: false },
    ])
    world.app.channels.set('room', {
      polling: {
        mode: 'persistent',
        interval: 5,
        url: `${world.app.origin}/poll`,
        form: { what: 'news', n: 3 },
        originator: 'bot',
      },
    })
    const ann = await world.login('ann')
    await ann.subscribe('room')
    await clock.advance(5500)
    const call = await polled(world.app, '/poll')
    expect(call.method).toBe('POST')
    expect(new Map(call.fields)).toEqual(
      new Map([
        ['what', 'news'],
        ['n', '3'],
        ['secret', 'hush'],
      ]),
    )
    expect(await ann.published('room')).toMatchObject({ payload: { n: 1 }, user: 'bot' })
    expect(ann.names).toEqual(['CONNECTED', 'SUBSCRIBE', 'STATE_UPDATE', 'PUBLISH'])
    const info = await world.rest.ok('get_channel_info', { channel_name: 'room' })
    expect(info.options).toMatchObject({ reflective: false, state: { a: 1 } })
    await clock.advance(5500)
    await ann.published('room')
  })

  it('publishes although an option of the answer is refused, and applies none (persistent)', async () => {
    const clock = createManualClock()
    const world = await start({ clock })
    world.app.route('/poll', () => [
      true,
      { payload: 'still', history_size: 'many', reflective: false },
    ])
    world.app.channels.set('room', {
      polling: { mode: 'persistent', interval: 5, url: `${world.app.origin}/poll` },
    })
    const ann = await world.login('ann')
    await ann.subscribe('room')
    await clock.advance(5500)
    expect((await ann.published('room')).payload).toBe('still')
    const info = await world.rest.ok('get_channel_info', { channel_name: 'room' })
    expect(info.options).toMatchObject({ reflective: true, history_size: 0 })
  })

  it('stops after one answer, unless that answer sets polling again (once)', async () => {
    const clock = createManualClock()
    const world = await start({ clock })
    const polling = { mode: 'once', interval: 5, url: `${world.app.origin}/poll` }
    const answers = [
      [true, { payload: 1, polling }],
      [true, { payload: 2 }],
    ]
    world.app.route('/poll', () => answers.shift() ?? [true, { payload: 'too much' }])
    world.app.channels.set('room', { polling })
    const ann = await world.login('ann')
    await ann.subscribe('room')
    await clock.advance(5500)
    expect((await ann.published('room')).payload).toBe(1)
    await clock.advance(5500)
    expect((await ann.published('room')).payload).toBe(2)
    await clock.advance(60_000)
    expect(await ann.unread('PUBLISH')).toEqual([])
    const info = await world.rest.ok('get_channel_info', { channel_name: 'room' })
    expect(info.options?.polling).toMatchObject({ mode: '' })
  })

  it('backs off while polls fail, at most 300 s apart, and recovers', async () => {
    const clock = createManualClock()
    const world = await start({ clock })
    let failing = true
    const at: number[] = []
    world.app.route('/data', () => {
      at.push(clock.now())
      return failing ? { status: 503 } : text('"up"')
    })
    world.app.channels.set('room', {
      polling: { mode: 'simple', interval: 10, url: `${world.app.origin}/data` },
    })
    const ann = await world.login('ann')
    await ann.subscribe('room')
    for (let polls = 1; polls <= 8; polls += 1) {
      for (let waited = 0; waited < 310_000 && at.length < polls; waited += 5000) {
        await clock.advance(5000)
        await ann.barrier()
      }
      expect(at).toHaveLength(polls)
    }
    const gaps = at.slice(1).map((time, index) => time - (at[index] ?? 0))
    expect(gaps[1]).toBeGreaterThan(gaps[0] ?? 0)
    expect(gaps.at(-1)).toBeGreaterThan(200_000)
    failing = false
    await clock.advance(330_000)
    expect((await ann.published('room')).payload).toBe('up')
    await clock.advance(10_500)
    await ann.published('room')
  })

  it('stops when the channel is destroyed, is switched off, and restarts when changed', async () => {
    const clock = createManualClock()
    const world = await start({ clock })
    world.app.route('/one', () => text('1'))
    world.app.route('/two', () => text('2'))
    await world.rest.create('room', {
      moderated: false,
      polling: { mode: 'simple', interval: 10, url: `${world.app.origin}/one` },
    })
    const ann = await world.login('ann')
    await ann.subscribe('room')
    await clock.advance(9000)
    await world.rest.ok('set_channel_options', {
      channel_name: 'room',
      polling: { url: `${world.app.origin}/two` },
    })
    await clock.advance(9000)
    expect(await ann.unread('PUBLISH')).toEqual([])
    await clock.advance(1500)
    expect((await ann.published('room')).payload).toBe(2)
    const info = await world.rest.ok('get_channel_info', { channel_name: 'room' })
    expect(info.options?.polling).toEqual({
      mode: 'simple',
      interval: 10,
      url: `${world.app.origin}/two`,
      form: {},
      originator: '',
    })
    await world.rest.ok('set_channel_options', { channel_name: 'room', polling: { mode: '' } })
    await clock.advance(30_000)
    expect(await ann.unread('PUBLISH')).toEqual([])
    await world.rest.ok('set_channel_options', {
      channel_name: 'room',
      polling: { mode: 'simple' },
    })
    await world.rest.ok('destroy_channel', { channel_name: 'room' })
    const before = world.app.calls.all.length
    await clock.advance(30_000)
    expect(world.app.calls.all.slice(before).map((call) => call.path)).toEqual([])
  })

  it.each([
    ['a private address', { mode: 'simple', url: 'http://10.0.0.1/' }],
    ['mapped IPv6', { mode: 'simple', url: 'http://[::ffff:10.0.0.1]/' }],
    ['link local', { mode: 'simple', url: 'http://169.254.169.254/latest' }],
    ['NAT64', { mode: 'simple', url: 'http://[64:ff9b::a00:1]/' }],
    ['another scheme', { mode: 'simple', url: 'file:///etc/passwd' }],
    ['userinfo', { mode: 'simple', url: 'http://a:b@127.0.0.1/' }],
    ['an interval below 0.1 s', { mode: 'simple', url: 'http://127.0.0.1/', interval: 0.01 }],
    ['an unknown mode', { mode: 'often', url: 'http://127.0.0.1/' }],
    ['an unknown key', { mode: '', colour: 1 }],
    ['a text as form', { mode: 'persistent', url: 'http://127.0.0.1/', form: 'a=b' }],
  ])('refuses %s (safety §4, §7)', async (_what, polling) => {
    const world = await start()
    const answer = await world.rest.call('create_channel', { channel_name: 'room', polling })
    expect(answer.ok).toBe(false)
    expect(answer.body.msg).toContain('polling')
    expect((await world.rest.ok('get_server_info')).channels).toEqual([])
  })
})
