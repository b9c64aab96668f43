import { expect, it } from 'vitest'
import { createManualClock } from '../helpers/manual-clock.ts'
import { describeWorlds, oneKind } from '../helpers/world.ts'

describeWorlds('limits of links (safety §4)', oneKind, (start) => {
  it('closes a link whose frame is too large, and only that one', async () => {
    const world = await start()
    const ann = await world.login('ann')
    const bob = await world.login('bob')
    await ann.subscribe('room')
    await bob.subscribe('room')
    bob.publish('room', 'x'.repeat(70_000))
    expect((await bob.closed).code).toBe(1009)
    ann.publish('room', 'mark')
    await ann.published('room')
    expect(await ann.unread('PUBLISH')).toEqual([])
  })

  it('counts a frame from delimiter to delimiter over all messages', async () => {
    const world = await start()
    const ann = await world.login('ann')
    for (let n = 0; n < 80; n += 1) ann.raw('x'.repeat(1000))
    expect((await ann.closed).code).toBe(1009)
  })

  it('takes many frames in one message that together pass the limit of one', async () => {
    const world = await start()
    await world.rest.create('room', { moderated: false })
    const ann = await world.login('ann')
    await ann.subscribe('room')
    const payload = JSON.stringify('x'.repeat(1000))
    let text = ''
    for (let n = 0; n < 100; n += 1)
      text += `${JSON.stringify([n, 'PUBLISH', { channel_name: 'room', payload }])}\r\n`
    ann.raw(text)
    for (let n = 0; n < 100; n += 1) await ann.published('room')
  })

  it('takes a frame just below the limit', async () => {
    const world = await start()
    const ann = await world.login('ann')
    await ann.subscribe('room')
    ann.publish('room', 'x'.repeat(60_000))
    expect((await ann.published('room')).payload).toHaveLength(60_000)
  })

  it('closes a link whose frame stays unfinished', async () => {
    const clock = createManualClock()
    const world = await start({ clock })
    const ann = await world.login('ann')
    ann.raw('[1,"SUBSCRIBE",{}]\r\n[2,"PUB')
    await ann.error(1)
    await clock.advance(11_000)
    expect((await ann.closed).code).toBe(4002)
  })

  it('closes a link that sends no CONNECT in time', async () => {
    const clock = createManualClock()
    const world = await start({ clock })
    const client = await world.open()
    client.raw('[1,"SUBSCRIBE",{}]\r\n')
    await client.error(1)
    await clock.advance(11_000)
    expect((await client.closed).code).toBe(4003)
  })

  it('closes a link after five refused CONNECTs', async () => {
    const world = await start()
    world.app.answer('connect', [false, {}])
    const client = await world.open()
    for (let n = 0; n < 5; n += 1) client.send('CONNECT', { cookie_string: '' })
    expect((await client.closed).code).toBe(4004)
    expect(world.app.count('connect')).toBeLessThanOrEqual(5)
  })

  it('refuses CONNECTs of an address without a hook after too many refusals', async () => {
    const world = await start({ args: ['--max-refused-connects-per-minute', '3'] })
    world.app.answer('connect', [false, {}])
    for (let n = 0; n < 3; n += 1) {
      const client = await world.open()
      await client.error(client.send('CONNECT', { cookie_string: '' }))
    }
    world.app.answer('connect', [true, {}])
    const client = await world.open()
    client.send('CONNECT', { cookie_string: '' })
    await client.next('ERROR')
    expect(world.app.count('connect')).toBe(3)
  })

  it('closes a link with invalid UTF-8, and tells nobody else', async () => {
    const world = await start()
    const ann = await world.login('ann')
    const bob = await world.login('bob')
    await ann.subscribe('room')
    bob.raw(Buffer.from([0x5b, 0xff, 0xfe, 0x0d, 0x0a]))
    expect((await bob.closed).code).toBe(1007)
    ann.publish('room', 1)
    await ann.published('room')
  })

  it('refuses links above --max-connections by 503 and above those of an address by 429', async () => {
    const world = await start({ args: ['--max-connections', '2'] })
    await world.login('ann')
    await world.login('bob')
    await expect(world.open()).rejects.toThrow('503')
    const narrow = await start({ args: ['--max-connections-per-address', '2'] })
    await narrow.login('ann')
    const bob = await narrow.login('bob')
    await expect(narrow.open()).rejects.toThrow('429')
    await bob.close()
    await expect
      .poll(() =>
        narrow.open().then(
          () => 'open',
          () => 'refused',
        ),
      )
      .toBe('open')
  })

  it('counts a link that answers no ping as lost', async () => {
    const world = await start({ args: ['--ping-interval', '1', '--ping-timeout', '1'] })
    world.app.channels.set('room', { presenceful: true })
    const ann = await world.login('ann')
    const bob = await world.login('bob')
    await ann.subscribe('room')
    await bob.subscribe('room')
    bob.socket.pause()
    expect((await ann.next('UNSUBSCRIBE')).user).toBe('bob')
  })

  it('closes a reader that takes nothing, while others get everything', async () => {
    const world = await start({ args: ['--max-waiting-bytes', '100000'] })
    await world.rest.create('room', { moderated: false })
    const ann = await world.login('ann')
    const slow = await world.login('bob')
    await ann.subscribe('room')
    await slow.subscribe('room')
    slow.socket.pause()
    const payload = 'x'.repeat(50_000)
    // Enough to fill the kernel's buffers of both ends and then the limit.
    for (let n = 0; n < 400; n += 1) {
      ann.publish('room', payload)
      await ann.published('room')
    }
    await world.app.next('disconnect')
    slow.socket.resume()
    expect((await slow.closed).code).not.toBe(1000)
  })
})

describeWorlds('limits of channels and users (safety §4)', oneKind, (start) => {
  it('has at most --max-channels', async () => {
    const world = await start({ args: ['--max-channels', '2'] })
    await world.rest.create('one')
    await world.rest.create('two')
    expect(await world.rest.refused('create_channel', { channel_name: 'three' })).toContain(
      'Too many channels',
    )
    const ann = await world.login('ann')
    const id = ann.send('SUBSCRIBE', { channel_name: 'three' })
    expect((await ann.error(id)).msg).toContain('Too many channels')
    await ann.subscribe('one')
    await world.rest.ok('destroy_channel', { channel_name: 'two' })
    await ann.subscribe('three')
  })

  it('lets one user’s frames create at most so many', async () => {
    const world = await start({ args: ['--max-channels-per-user', '2'] })
    const ann = await world.login('ann')
    await ann.subscribe('one')
    await ann.subscribe('two')
    const id = ann.send('SUBSCRIBE', { channel_name: 'three' })
    expect((await ann.error(id)).msg).toContain('Too many channels')
    const bob = await world.login('bob')
    await bob.subscribe('three')
    await ann.subscribe('three')
  })

  it('subscribes a user to at most --max-subscriptions, auto lists included', async () => {
    const world = await start({ args: ['--max-subscriptions', '2'] })
    const ann = await world.login('ann')
    await ann.subscribe('one')
    await ann.subscribe('two')
    const id = ann.send('SUBSCRIBE', { channel_name: 'three' })
    expect((await ann.error(id)).msg).toBe('Too many subscriptions')
    ann.send('UNSUBSCRIBE', { channel_name: 'one' })
    await ann.subscribe('three')
  })

  it('refuses a state that is too large, from create, options and keys alike', async () => {
    const world = await start({ args: ['--max-state-bytes', '1024', '--max-state-keys', '3'] })
    const big = 'x'.repeat(1100)
    await world.rest.refused('create_channel', { channel_name: 'room', state: { big } })
    await world.rest.create('room', { state: { a: 1, b: 2, c: 3 } })
    const key = { channel_name: 'room', key: 'd', val: 1 }
    await world.rest.refused('state_set_key', key)
    await world.rest.refused('state_set_key', { channel_name: 'room', key: 'a', val: big })
    await world.rest.refused('set_channel_options', { channel_name: 'room', state: { big } })
    await world.rest.ok('state_delete_key', { channel_name: 'room', key: 'a' })
    await world.rest.ok('state_set_key', key)
  })

  it('refuses more pre-filled history, and more polling channels, than allowed', async () => {
    const args = ['--max-prefilled-history', '2', '--max-polling-channels', '1']
    const world = await start({ args })
    const history = [1, 2, 3].map((n) => ['PUBLISH', { payload: n }])
    const fields = { channel_name: 'room', history_size: 10, history }
    await world.rest.refused('create_channel', fields)
    const polling = { mode: 'simple', interval: 100, url: `${world.app.origin}/x` }
    await world.rest.create('one', { polling })
    const answer = await world.rest.refused('create_channel', { channel_name: 'two', polling })
    expect(answer.toLowerCase()).toContain('polling')
  })

  it('leaves the oldest entries out of a snapshot above --max-snapshot-bytes', async () => {
    const world = await start({ args: ['--max-snapshot-bytes', '65536'] })
    await world.rest.create('room', { history_size: 10, moderated: false })
    for (let n = 0; n < 10; n += 1) await world.rest.publish('room', `${n}${'x'.repeat(20_000)}`)
    const ann = await world.login('ann')
    const { history } = await ann.subscribe('room')
    const firsts = history?.map((entry) => String(entry[1].payload)[0]) ?? []
    expect(firsts.length).toBeLessThan(4)
    expect(firsts.at(-1)).toBe('9')
  })

  it('refuses actions above the hooks waiting, which may be retried', async () => {
    const args = ['--max-hooks-in-flight', '1', '--max-hooks-waiting', '1']
    const world = await start({ args })
    const ann = await world.login('ann')
    await Promise.all(['a', 'b', 'c'].map((name) => world.rest.create(name)))
    const held = world.app.hold('publish')
    const ids = ['a', 'b', 'c'].map((channel) => ann.publish(channel, 1))
    await world.app.next('publish')
    expect((await ann.error(ids[2] ?? 0)).msg).toBe('Temporarily unavailable')
    held.release()
    await ann.subscribe('a')
  })
})

describeWorlds('names from frames (safety §2)', oneKind, (start) => {
  it.each([
    'x'.repeat(201),
    'a\nb',
    'a\u007f',
    'a\u2029',
    'a\u2066b',
    'a\ufeff',
    5,
    null,
    { a: 1 },
  ])('refuses the channel name %j by an ERROR and asks no hook', async (name) => {
    const world = await start()
    const ann = await world.login('ann')
    for (const frame of ['SUBSCRIBE', 'PUBLISH', 'UNSUBSCRIBE']) {
      const id = ann.send(frame, { channel_name: name, payload: '1' })
      expect((await ann.error(id)).msg).not.toBe('')
    }
    const id = ann.send('MESSAGE', { name, payload: '1' })
    expect((await ann.error(id)).msg).not.toBe('')
    expect(world.app.calls.all.map((call) => call.action)).toEqual(['connect'])
  })

  it('refuses lone surrogates in names', async () => {
    const world = await start()
    const ann = await world.login('ann')
    ann.raw('[7,"SUBSCRIBE",{"channel_name":"\\ud800"}]\r\n')
    expect((await ann.next('ERROR')).msg).not.toBe('')
    expect(world.app.count('create_channel')).toBe(0)
  })

  it('answers JSON nested 10,000 deep by Invalid json', async () => {
    const world = await start()
    const ann = await world.login('ann')
    const deep = `${'['.repeat(10_000)}${']'.repeat(10_000)}`
    ann.raw(`[7,"PUBLISH",{"channel_name":"room","x":${deep}}]\r\n`)
    expect((await ann.next('ERROR')).msg).toBe('Invalid json')
    const id = ann.send('PUBLISH', { channel_name: 'room', payload: deep })
    expect((await ann.error(id)).msg).toBe('Invalid json for payload')
  })

  it('carries __proto__ as plain data everywhere', async () => {
    const world = await start()
    const ann = await world.login('__proto__')
    expect(ann.user).toBe('__proto__')
    world.app.channels.set('__proto__', { presenceful: true, history_size: 3 })
    expect((await ann.subscribe('__proto__')).presence).toEqual(['__proto__'])
    const payload = '{"__proto__":{"polluted":1},"constructor":2}'
    ann.send('PUBLISH', { channel_name: '__proto__', payload })
    await ann.published('__proto__')
    const frame = ann.frames.all.find((candidate) => candidate.name === 'PUBLISH')
    expect(frame?.text).toContain('"__proto__"')
    expect(frame?.text).toContain('"polluted"')
    ann.raw('[9,"SUBSCRIBE",{"__proto__":{"channel_name":"x"}}]\r\n')
    expect((await ann.error(9)).msg).toBe('channel_name required')
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
  })
})
