import { expect, it } from 'vitest'
import { describeWorlds, oneKind, reliableKinds } from '../helpers/world.ts'

const text = (frame: unknown) => `${JSON.stringify(frame)}\r\n`
const classicTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/

describeWorlds('frames: malformed (spec §2)', oneKind, (start) => {
  it.each([
    ['{nope\r\n', null, 'Invalid json'],
    ['\r\n', null, 'Invalid json'],
    ['{"a":1}\r\n', null, 'Invalid frame (not a list)'],
    ['"CONNECT"\r\n', null, 'Invalid frame (not a list)'],
    ['null\r\n', null, 'Invalid frame (not a list)'],
    ['[]\r\n', null, 'Invalid frame length'],
    ['[7,"SUBSCRIBE"]\r\n', 7, 'Invalid frame length'],
    ['[7,"SUBSCRIBE",{},1]\r\n', 7, 'Invalid frame length'],
    ['["7","SUBSCRIBE",{}]\r\n', null, 'Invalid frame id (must be int)'],
    ['[1.5,"SUBSCRIBE",{}]\r\n', null, 'Invalid frame id (must be int)'],
    ['[null,"SUBSCRIBE",{}]\r\n', null, 'Invalid frame id (must be int)'],
    ['[7,7,{}]\r\n', 7, 'Invalid frame name (must be string)'],
    ['[7,null,{}]\r\n', 7, 'Invalid frame name (must be string)'],
    ['[7,"SUBSCRIBE",[]]\r\n', 7, 'Invalid frame keyword arguments (must be dictionary)'],
    ['[7,"SUBSCRIBE",null]\r\n', 7, 'Invalid frame keyword arguments (must be dictionary)'],
    ['[7,"SUBSCRIBE","x"]\r\n', 7, 'Invalid frame keyword arguments (must be dictionary)'],
  ])('answers %j by its error and leaves the link open', async (raw, id, msg) => {
    const world = await start()
    const ann = await world.login('ann')
    ann.raw(raw)
    expect(await ann.next('ERROR')).toEqual({ id, reference_id: id, msg })
    expect(await ann.subscribe('room')).toMatchObject({ channel_name: 'room' })
  })

  it('answers a malformed frame before CONNECT too, and CONNECT still works', async () => {
    const world = await start()
    const client = await world.open()
    client.raw('nonsense\r\n')
    expect((await client.next('ERROR')).msg).toBe('Invalid json')
    client.raw('[1,"CONNECT",{"cookie_string":"user=ann"}]\r\n')
    expect(await client.next('CONNECTED')).toEqual({ name: 'ann', payload: 'null' })
  })
})

describeWorlds('frames: the byte stream (spec §2)', oneKind, (start) => {
  it('takes several frames in one message and one frame cut over many', async () => {
    const world = await start()
    const client = await world.open()
    const stream =
      text([1, 'CONNECT', { cookie_string: 'user=ann', payload: '"ü"' }]) +
      text([2, 'SUBSCRIBE', { channel_name: 'röom' }]) +
      text([3, 'PUBLISH', { channel_name: 'röom', payload: '"one"' }]) +
      text([4, 'PUBLISH', { channel_name: 'röom', payload: '"two"' }])
    for (const character of stream.slice(0, 150)) client.raw(character)
    client.raw(stream.slice(150))
    expect(await client.next('CONNECTED')).toEqual({ name: 'ann', payload: '"ü"' })
    await client.snapshot('röom')
    expect((await client.published('röom')).payload).toBe('one')
    expect((await client.published('röom')).payload).toBe('two')
  })

  it('takes a frame in WebSocket fragments and in binary messages cut inside a character', async () => {
    const world = await start()
    const ann = await world.login('ann')
    await ann.subscribe('room')
    const bytes = Buffer.from(text([9, 'PUBLISH', { channel_name: 'room', payload: '"é😀"' }]))
    ann.socket.send(bytes.toString().slice(0, 20), { fin: false })
    ann.socket.send(bytes.toString().slice(20), { fin: true })
    expect((await ann.published('room')).payload).toBe('é😀')
    const inside = bytes.indexOf(Buffer.from('😀')) + 2
    ann.raw(bytes.subarray(0, inside))
    ann.raw(bytes.subarray(inside))
    expect((await ann.published('room')).payload).toBe('é😀')
  })

  it('writes everything but ASCII as \\u escapes, one frame per message', async () => {
    const world = await start()
    const ann = await world.login('ann')
    await ann.subscribe('röom')
    ann.publish('röom', 'é😀\u2028')
    await ann.published('röom')
    const frame = ann.frames.all.find((candidate) => candidate.name === 'PUBLISH')
    expect(frame?.text).toContain('\\u00e9\\ud83d\\ude00\\u2028')
    expect(frame?.text).toContain('r\\u00f6om')
    expect(frame?.text.endsWith('\r\n')).toBe(true)
  })

  it('ignores frames of unknown names', async () => {
    const world = await start()
    const ann = await world.login('ann')
    ann.send('HELLO', { a: 1 })
    ann.send('subscribe', { channel_name: 'room' })
    ann.send('__proto__', {})
    ann.send('constructor', {})
    expect(await ann.unread()).toEqual([])
    expect(world.app.count('subscribe')).toBe(0)
  })

  it('ignores arguments that it does not know', async () => {
    const world = await start()
    const ann = await world.login('ann')
    ann.send('SUBSCRIBE', { channel_name: 'room', colour: 'red', __proto__x: 1 })
    expect((await ann.snapshot('room')).channel_name).toBe('room')
  })
})

describeWorlds('frames: errors by name (spec §2)', oneKind, (start) => {
  it.each(['SUBSCRIBE', 'UNSUBSCRIBE', 'PUBLISH', 'MESSAGE'])(
    'answers %s without CONNECT by Not connected',
    async (name) => {
      const world = await start()
      const client = await world.open()
      const id = client.send(name, { channel_name: 'room', name: 'bob', payload: 'null' })
      expect(await client.error(id)).toEqual({ id, reference_id: id, msg: 'Not connected' })
      expect(world.app.calls.all).toEqual([])
    },
  )

  it.each(['SUBSCRIBE', 'UNSUBSCRIBE', 'PUBLISH'])('wants a channel_name for %s', async (name) => {
    const world = await start()
    const ann = await world.login('ann')
    const id = ann.send(name, { payload: 'null' })
    expect(await ann.error(id)).toEqual({ id, reference_id: id, msg: 'channel_name required' })
  })

  it('wants a name for MESSAGE', async () => {
    const world = await start()
    const ann = await world.login('ann')
    const id = ann.send('MESSAGE', { payload: 'null' })
    expect((await ann.error(id)).msg).toBe('name required')
  })

  it('wants a cookie_string for CONNECT, asks no hook without, and takes another try', async () => {
    const world = await start()
    const client = await world.open()
    expect((await client.error(client.send('CONNECT', { payload: 'null' }))).msg).toBe(
      'Missing cookie_string',
    )
    expect(world.app.count('connect')).toBe(0)
    client.send('CONNECT', { cookie_string: '' })
    expect((await client.next('CONNECTED')).name).toMatch(/^guest-[0-9a-f]{8}$/)
  })

  it('takes `cookie` for `cookie_string`, as the seed has it', async () => {
    const world = await start()
    const client = await world.open()
    client.send('CONNECT', { cookie: 'user=ann' })
    expect((await client.next('CONNECTED')).name).toBe('ann')
  })

  it('refuses a second CONNECT and keeps the first', async () => {
    const world = await start()
    const ann = await world.login('ann')
    const id = ann.send('CONNECT', { cookie_string: 'user=bob' })
    expect(await ann.error(id)).toEqual({ id, reference_id: id, msg: 'Already logged in' })
    expect((await ann.subscribe('room')).user).toBe('ann')
    expect(world.app.count('connect')).toBe(1)
  })

  it.each([
    ['PUBLISH', '{nope'],
    ['PUBLISH', ''],
    ['PUBLISH', "'single'"],
    ['PUBLISH', 'NaN'],
    ['PUBLISH', { a: 1 }],
    ['PUBLISH', 5],
    ['PUBLISH', '"\\ud800"'],
    ['MESSAGE', '{nope'],
  ])('refuses %s with the payload %j', async (name, payload) => {
    const world = await start()
    const ann = await world.login('ann')
    const id = ann.send(name, { channel_name: 'room', name: 'ann', payload })
    expect(await ann.error(id)).toEqual({
      id,
      reference_id: id,
      msg: 'Invalid json for payload',
    })
    expect(world.app.count('publish') + world.app.count('message')).toBe(0)
  })

  it('refuses a CONNECT whose payload is not JSON', async () => {
    const world = await start()
    const client = await world.open()
    const id = client.send('CONNECT', { cookie_string: 'user=ann', payload: '{nope' })
    expect((await client.error(id)).msg).toBe('Invalid json for payload')
  })

  it('keeps frames that follow CONNECT waiting for its verdict, in order', async () => {
    const world = await start()
    const held = world.app.hold('connect')
    const client = await world.open()
    client.send('CONNECT', { cookie_string: 'user=ann' })
    client.send('SUBSCRIBE', { channel_name: 'room' })
    client.publish('room', 1)
    client.publish('room', 2)
    await world.app.next('connect')
    held.release()
    expect((await client.published('room')).payload).toBe(1)
    expect((await client.published('room')).payload).toBe(2)
    expect(client.names).toEqual(['CONNECTED', 'SUBSCRIBE', 'PUBLISH', 'PUBLISH'])
  })

  it('answers frames that waited for a refused CONNECT by Not connected', async () => {
    const world = await start()
    const held = world.app.hold('connect')
    const client = await world.open()
    const connect = client.send('CONNECT', { cookie_string: 'user=ann' })
    const subscribe = client.send('SUBSCRIBE', { channel_name: 'room' })
    await world.app.next('connect')
    held.release([false, {}])
    expect((await client.error(connect)).msg).toBe('Unauthorized')
    expect((await client.error(subscribe)).msg).toBe('Not connected')
    expect(world.app.count('subscribe')).toBe(0)
  })
})

describeWorlds('frames: what the server sends (spec §2)', reliableKinds, (start) => {
  it('sends a snapshot with exactly the documented keys', async () => {
    const world = await start()
    const ann = await world.login('ann')
    expect(await ann.subscribe('room')).toEqual({
      channel_name: 'room',
      user: 'ann',
      history: [],
      history_size: 0,
      history_duration: 0,
      state: {},
      presence: [],
    })
  })

  it('sends a publish with exactly the documented keys', async () => {
    const world = await start()
    const ann = await world.login('ann')
    const bob = await world.login('bob')
    await ann.subscribe('room')
    await bob.subscribe('room')
    bob.publish('room', { deep: [1, null, 'x'] })
    expect(await ann.published('room')).toEqual({
      channel_name: 'room',
      payload: { deep: [1, null, 'x'] },
      user: 'bob',
      datetime: expect.stringMatching(classicTime),
    })
  })

  it('publishes null where no payload is given', async () => {
    const world = await start()
    const ann = await world.login('ann')
    await ann.subscribe('room')
    ann.send('PUBLISH', { channel_name: 'room' })
    expect((await ann.published('room')).payload).toBeNull()
  })

  it('tells joins and leaves of a presenceful channel with exactly the documented keys', async () => {
    const world = await start()
    world.app.channels.set('room', { presenceful: true })
    const ann = await world.login('ann')
    const bob = await world.login('bob')
    await ann.subscribe('room')
    await bob.subscribe('room')
    const joined = await ann.next('SUBSCRIBE')
    expect(joined).toEqual({
      channel_name: 'room',
      user: 'bob',
      datetime: expect.stringMatching(classicTime),
    })
    bob.send('UNSUBSCRIBE', { channel_name: 'room' })
    const left = {
      channel_name: 'room',
      user: 'bob',
      datetime: expect.stringMatching(classicTime),
    }
    expect(await ann.next('UNSUBSCRIBE')).toEqual(left)
    expect(await bob.next('UNSUBSCRIBE')).toEqual(left)
  })
})
