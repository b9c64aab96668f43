import { expect, it } from 'vitest'
import { describeWorlds, oneKind, reliableKinds } from '../helpers/world.ts'

describeWorlds('hooks: forms (spec §5)', reliableKinds, (start) => {
  it('carry exactly the documented fields, and the secret where there is one', async () => {
    const world = await start({ args: ['--webhook-secret', 'hush'] })
    world.app.channels.set('röom &=', {})
    const ann = await world.login('ann', { payload: '{"a":1}' })
    await ann.subscribe('röom &=')
    ann.send('PUBLISH', { channel_name: 'röom &=', payload: '{"x":  "é+%&"}' })
    await ann.published('röom &=')
    ann.send('MESSAGE', { name: 'nobody', payload: '[1]' })
    await ann.next('MESSAGE')
    ann.send('UNSUBSCRIBE', { channel_name: 'röom &=' })
    await ann.next('UNSUBSCRIBE')
    await world.app.next('destroy_channel')
    await ann.subscribe('two')
    await ann.close()
    await world.app.next('disconnect')
    const channel = { channel_name: 'röom &=', destination: 'röom &=', secret: 'hush' }
    const connId = world.app.all('connect')[0]?.form.conn_id
    const seen = (hook: string) => world.app.all(hook)[0]?.form
    expect(seen('connect')).toEqual({
      action: 'connect',
      conn_id: connId,
      payload: '{"a":1}',
      secret: 'hush',
    })
    expect(seen('create_channel')).toEqual({ action: 'create_channel', ...channel })
    expect(seen('subscribe')).toEqual({ action: 'subscribe', ...channel, user: 'ann' })
    expect(seen('publish')).toEqual({
      action: 'publish',
      ...channel,
      payload: '{"x":  "é+%&"}',
      originator: 'ann',
    })
    expect(seen('message')).toEqual({
      action: 'message',
      sender: 'ann',
      recipient: 'nobody',
      recipient_exists: 'False',
      payload: '[1]',
      secret: 'hush',
    })
    expect(seen('unsubscribe')).toEqual({ action: 'unsubscribe', ...channel, user: 'ann' })
    expect(seen('destroy_channel')).toEqual({ action: 'destroy_channel', ...channel })
    expect(seen('disconnect')).toEqual({
      action: 'disconnect',
      name: 'ann',
      channels: '["two"]',
      conn_id: connId,
      secret: 'hush',
    })
    for (const call of world.app.calls.all) {
      expect(call.method).toBe('POST')
      expect(call.path).toBe(`/hookbox/${call.action}`)
      expect(call.headers['content-type']).toMatch(/^application\/x-www-form-urlencoded/)
      expect(call.fields).toHaveLength(Object.keys(call.form).length)
    }
  })

  it('leave the originator out on anonymous channels', async () => {
    const world = await start()
    world.app.channels.set('room', { anonymous: true })
    const ann = await world.login('ann')
    await ann.subscribe('room')
    ann.publish('room', 1)
    expect((await world.app.next('publish')).form).not.toHaveProperty('originator')
  })

  it.each([1, 'yes', true])('count the first item by its truth: %j allows', async (first) => {
    const world = await start()
    world.app.answer('subscribe', [first, {}])
    const ann = await world.login('ann')
    await ann.subscribe('room')
  })

  it.each([0, null, '', false])('count the first item by its truth: %j refuses', async (first) => {
    const world = await start()
    world.app.answer('subscribe', [first, {}])
    const ann = await world.login('ann')
    const id = ann.send('SUBSCRIBE', { channel_name: 'room' })
    expect((await ann.error(id)).msg).toBe('Unauthorized')
  })

  it('carry out auto lists of subscribe and unsubscribe answers before the action', async () => {
    const world = await start()
    world.app.on('subscribe', (call) => [
      true,
      call.form.channel_name === 'room' ? { auto_subscribe: ['side'] } : {},
    ])
    world.app.answer('unsubscribe', [true, { auto_unsubscribe: ['side'] }])
    const ann = await world.login('ann')
    await ann.subscribe('room')
    ann.send('UNSUBSCRIBE', { channel_name: 'room' })
    await ann.next('UNSUBSCRIBE', (args) => args.channel_name === 'room')
    expect(ann.frames.all.map((frame) => [frame.name, frame.args.channel_name])).toEqual([
      ['CONNECTED', undefined],
      ['SUBSCRIBE', 'side'],
      ['SUBSCRIBE', 'room'],
      ['UNSUBSCRIBE', 'side'],
      ['UNSUBSCRIBE', 'room'],
    ])
    expect(world.app.count('subscribe')).toBe(1)
    expect(world.app.count('unsubscribe')).toBe(1)
  })

  it('take an auto list that names the channel itself', async () => {
    const world = await start()
    world.app.answer('subscribe', [true, { auto_subscribe: ['room', 'room'] }])
    const ann = await world.login('ann')
    await ann.subscribe('room')
    ann.publish('room', 1)
    await ann.published('room')
    expect(await ann.unread('SUBSCRIBE')).toEqual([])
  })

  it('may subscribe two users to each other’s channels without waiting for ever', async () => {
    const world = await start()
    world.app.on('subscribe', (call) => [
      true,
      { auto_subscribe: [call.form.channel_name === 'a' ? 'b' : 'a'] },
    ])
    const ann = await world.login('ann')
    const bob = await world.login('bob')
    ann.send('SUBSCRIBE', { channel_name: 'a' })
    ann.send('SUBSCRIBE', { channel_name: 'b' })
    bob.send('SUBSCRIBE', { channel_name: 'b' })
    bob.send('SUBSCRIBE', { channel_name: 'a' })
    for (const client of [ann, bob]) {
      await client.snapshot('a')
      await client.snapshot('b')
    }
  })
})

describeWorlds('hooks: cookies and addresses (spec §5)', oneKind, (start) => {
  it('carry the cookies of the connection that caused them, destroy_channel none', async () => {
    const world = await start()
    const ann = await world.login('ann', { cookies: 'sessionid=abc' })
    await ann.subscribe('room')
    ann.publish('room', 1)
    await ann.published('room')
    await ann.close()
    await world.app.next('disconnect')
    await world.app.next('destroy_channel')
    for (const call of world.app.calls.all) {
      const cookie = call.action === 'destroy_channel' ? undefined : 'user=ann; sessionid=abc'
      expect([call.action, call.headers.cookie]).toEqual([call.action, cookie])
    }
  })

  it("add the upgrade's own cookies that cookie_string lacks, from own origins only", async () => {
    const world = await start()
    const headers = { Cookie: 'http_only=h; user=mallory' }
    await world.login('ann', { headers, origin: world.app.origin })
    expect((await world.app.next('connect')).headers.cookie).toBe('user=ann; http_only=h')
    await world.login('ann', { headers, origin: 'https://evil.example' })
    expect((await world.app.next('connect')).headers.cookie).toBe('user=ann')
    await world.login('ann', { headers, origin: 'null' })
    expect((await world.app.next('connect')).headers.cookie).toBe('user=ann')
    await world.login('ann', { headers })
    expect((await world.app.next('connect')).headers.cookie).toBe('user=ann; http_only=h')
  })

  it('carry only the cookie named by --cookie-identifier, the first of several', async () => {
    const world = await start({ args: ['--cookie-identifier', 'sid'] })
    const client = await world.open()
    client.send('CONNECT', { cookie_string: 'a=1; sid=first; sid=second' })
    await client.next('CONNECTED')
    expect((await world.app.next('connect')).headers.cookie).toBe('sid=first')
  })

  it.each([
    ['a line break', 'a=1\r\nX-Evil: 1'],
    ['a control character', 'a=\u0000'],
    ['a character beyond Latin-1', 'a=\u0416'],
    ['65 cookies', Array.from({ length: 65 }, (_, n) => `c${n}=1`).join('; ')],
    ['more than 8 KiB', `a=${'x'.repeat(8200)}`],
  ])('are not asked about a cookie_string with %s', async (_what, cookies) => {
    const world = await start()
    const client = await world.open()
    const id = client.send('CONNECT', { cookie_string: cookies })
    expect((await client.error(id)).msg).not.toBe('')
    expect(world.app.count('connect')).toBe(0)
  })

  it("send an answer's Set-Cookie on as SET_COOKIE, but never an HttpOnly one or one over 4 KiB", async () => {
    const world = await start()
    world.app.answer('subscribe', {
      headers: {
        'Set-Cookie': ['seen=1; Path=/', 'secret=2; httponly', `big=${'x'.repeat(5000)}`],
      },
      body: '[true, {}]',
    })
    const one = await world.login('ann')
    const two = await world.login('ann')
    await one.subscribe('room')
    await two.snapshot('room')
    expect(await one.next('SET_COOKIE')).toEqual({ cookie: 'seen=1; Path=/' })
    expect(await one.unread('SET_COOKIE')).toEqual([])
    expect(await two.unread('SET_COOKIE')).toEqual([])
  })

  it('carry the client address in X-Real-IP, through trusted proxies only', async () => {
    const world = await start()
    const address = async (headers: Record<string, string>) => {
      await world.login('ann', { headers })
      return (await world.app.next('connect')).headers['x-real-ip']
    }
    expect(await address({})).toBe('127.0.0.1')
    expect(await address({ 'X-Forwarded-For': '6.6.6.6, 9.9.9.9' })).toBe('9.9.9.9')
    expect(await address({ 'X-Forwarded-For': '9.9.9.9, 127.0.0.1' })).toBe('9.9.9.9')
    expect(await address({ 'X-Real-IP': '6.6.6.6', Forwarded: 'for=6.6.6.6' })).toBe('127.0.0.1')
    const strict = await start({ args: ['--trust-proxy', '10.0.0.0/8'] })
    await strict.login('ann', { headers: { 'X-Forwarded-For': '9.9.9.9' } })
    expect((await strict.app.next('connect')).headers['x-real-ip']).toBe('127.0.0.1')
  })
})
