import { expect, it } from 'vitest'
import { loginTwo } from '../helpers/client-two.ts'
import { describeWorlds, oneKind, reliableKinds, worldKinds } from '../helpers/world.ts'

const log = { history_size: 50, history_publish_only: true, moderated: false }

describeWorlds('version 2: answers (spec §10)', oneKind, (start) => {
  it('answers each frame with exactly one OK or ERROR', async () => {
    const world = await start()
    world.app.channels.set('room', { ...log, presenceful: true })
    const ann = await loginTwo(world.nodes[0]?.url ?? '', 'ann', { payload: { ä: [1] } })
    const connected = await ann.next('CONNECTED')
    expect(connected).toMatchObject({ name: 'ann', payload: { ä: [1] }, version: 2 })
    expect((await ann.request('SUBSCRIBE', { channel_name: 'room' })).ok).toBe(true)
    const published = await ann.request('PUBLISH', { channel_name: 'room', payload: { a: 'ü' } })
    expect(published.args).toMatchObject({ epoch: expect.any(String), offset: 1 })
    expect(published.args['datetime']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    expect((await ann.next('PUBLISH')).offset).toBe(1)
    expect((await ann.request('PRESENCE', { channel_name: 'room' })).args.presence).toEqual(['ann'])
    expect((await ann.request('PING')).ok).toBe(true)
    expect((await ann.request('MESSAGE', { name: 'ann', payload: 1 })).ok).toBe(true)
    expect((await ann.request('UNSUBSCRIBE', { channel_name: 'room' })).ok).toBe(true)
    const unknown = await ann.request('WHAT')
    expect(unknown.args).toMatchObject({ code: 'unknown_frame', retry: false })
    const sent = 8
    const answers = ann.frames.all.filter((frame) => ['OK', 'ERROR'].includes(frame.name))
    expect(answers.map((frame) => frame.args.id)).toEqual(
      Array.from({ length: sent }, (_, index) => index + 1),
    )
  })

  it('sends the snapshot before the OK of its SUBSCRIBE, and pages through history', async () => {
    const world = await start()
    world.app.channels.set('room', log)
    const ann = await loginTwo(world.nodes[0]?.url ?? '', 'ann')
    const subscribed = await ann.request('SUBSCRIBE', { channel_name: 'room' })
    const names = ann.frames.all.map((frame) => frame.name)
    expect(names.slice(-2)).toEqual(['SUBSCRIBE', 'OK'])
    expect(subscribed.args.offset).toBe(0)
    for (let n = 1; n <= 5; n += 1)
      await ann.request('PUBLISH', { channel_name: 'room', payload: n })
    const page = await ann.request('HISTORY', { channel_name: 'room', before: 5, limit: 2 })
    expect(page.args.history?.map((entry) => entry[1].offset)).toEqual([3, 4])
    const rest = await ann.request('HISTORY', { channel_name: 'room', after: 4 })
    expect(rest.args.history?.map((entry) => entry[1].payload)).toEqual([5])
    for (const bad of [{ limit: -1 }, { limit: 0 }, { before: 1, after: 1 }, { after: 'x' }]) {
      const answer = await ann.request('HISTORY', { channel_name: 'room', ...bad })
      expect(answer.args.code).toBe('invalid_page')
    }
    const far = await ann.request('HISTORY', { channel_name: 'room', after: 2 ** 60 })
    expect(far.args.history).toEqual([])
    for (const channel of ['elsewhere', 'missing']) {
      for (const name of ['HISTORY', 'PRESENCE']) {
        const answer = await ann.request(name, { channel_name: channel })
        expect(answer.args.code).toBe('not_subscribed')
      }
    }
  })

  it('carries the token to the hooks as Authorization and nowhere else', async () => {
    const world = await start()
    const ann = await loginTwo(world.nodes[0]?.url ?? '', 'ann', { token: 'secret-bearer-token' })
    await ann.request('SUBSCRIBE', { channel_name: 'room' })
    expect(world.app.calls.all.map((call) => call.headers.authorization)).toEqual([
      'Bearer secret-bearer-token',
      'Bearer secret-bearer-token',
      'Bearer secret-bearer-token',
    ])
    expect(JSON.stringify(ann.frames.all)).not.toContain('secret-bearer-token')
    expect(world.app.calls.all.map((call) => call.body).join()).not.toContain('secret-bearer-token')
  })

  it('lets no slow gate hold up another channel', async () => {
    const world = await start({ args: ['--hook-timeout', '1'] })
    world.app.on('subscribe', (call) =>
      call.form.channel_name === 'slow' ? { hang: true } : [true, {}],
    )
    const ann = await loginTwo(world.nodes[0]?.url ?? '', 'ann')
    ann.send('SUBSCRIBE', { channel_name: 'slow' })
    expect((await ann.request('SUBSCRIBE', { channel_name: 'quick' })).ok).toBe(true)
  })

  it('says goodbye before it closes a link, and whether to come back', async () => {
    const world = await start()
    const ann = await loginTwo(world.nodes[0]?.url ?? '', 'ann')
    const bob = await loginTwo(world.nodes[0]?.url ?? '', 'bob')
    await world.rest.ok('disconnect_user', { name: 'ann' })
    expect(await ann.next('DISCONNECT')).toMatchObject({ code: 'kicked', reconnect: false })
    await ann.closed
    await world.nodes[0]?.close()
    expect(await bob.next('DISCONNECT')).toMatchObject({ code: 'draining', reconnect: true })
  })
})

describeWorlds('version 2: idempotent publish (G4)', reliableKinds, (start) => {
  it('publishes once under one id, whoever asks again and where', async () => {
    const world = await start()
    world.app.channels.set('room', { ...log, moderated: true })
    const urls = world.nodes.map((node) => node.url)
    const ann = await loginTwo(urls[0] ?? '', 'ann')
    await ann.request('SUBSCRIBE', { channel_name: 'room' })
    const first = await ann.request('PUBLISH', { channel_name: 'room', payload: 1, id: 'a' })
    const again = await loginTwo(urls.at(-1) ?? '', 'ann')
    const second = await again.request('PUBLISH', { channel_name: 'room', payload: 1, id: 'a' })
    expect(second.args).toMatchObject({ duplicate: true, offset: first.args.offset })
    const other = await again.request('PUBLISH', { channel_name: 'room', payload: 2, id: 'a' })
    expect(other.args.code).toBe('publish_id_reused')
    const gates = world.app.calls.all.filter((call) => call.action === 'publish')
    expect(gates).toHaveLength(1)
    for (const id of ['', 'x'.repeat(65), 'a b']) {
      const bad = await ann.request('PUBLISH', { channel_name: 'room', payload: 1, id })
      expect(bad.args.code).toBe('invalid_publish_id')
    }
    expect(ann.payloads('room')).toEqual([1])
  })

  it('shares one verdict between repeats meanwhile, and frees a refused id', async () => {
    const world = await start()
    world.app.channels.set('room', { ...log, moderated: true })
    const verdicts = [[false, { error: 'not yet' }]] as unknown[][]
    const gate = Promise.withResolvers<void>()
    world.app.on('publish', async () => {
      await gate.promise
      return verdicts.shift() ?? [true, {}]
    })
    const url = world.nodes[0]?.url ?? ''
    const [ann, tab] = [await loginTwo(url, 'ann'), await loginTwo(url, 'ann')]
    await ann.request('SUBSCRIBE', { channel_name: 'room' })
    const frame = { channel_name: 'room', payload: 1, id: 'a' }
    const both = Promise.all([ann.request('PUBLISH', frame), tab.request('PUBLISH', frame)])
    await world.app.next('publish')
    gate.resolve()
    expect((await both).map((answer) => answer.args['msg'])).toEqual(['not yet', 'not yet'])
    expect(world.app.count('publish')).toBe(1)
    expect((await tab.request('PUBLISH', frame)).ok).toBe(true)
  })
})

describeWorlds('version 2: resume (G3)', worldKinds, (start) => {
  it('sends exactly what was missed, with CONNECT positions and with SUBSCRIBE', async () => {
    const world = await start()
    world.app.channels.set('room', log)
    const urls = world.nodes.map((node) => node.url)
    const ann = await loginTwo(urls[0] ?? '', 'ann')
    const bob = await loginTwo(urls.at(-1) ?? '', 'bob')
    await ann.request('SUBSCRIBE', { channel_name: 'room' })
    await bob.request('SUBSCRIBE', { channel_name: 'room' })
    for (let n = 1; n <= 3; n += 1)
      await bob.request('PUBLISH', { channel_name: 'room', payload: n })
    const third = await ann.next('PUBLISH', (args) => args.offset === 3)
    const { epoch } = await bob.snapshot('room')
    await ann.cut()
    for (let n = 4; n <= 6; n += 1)
      await bob.request('PUBLISH', { channel_name: 'room', payload: n })
    const since = { epoch, offset: third.offset }
    const back = await loginTwo(urls.at(-1) ?? '', 'ann', { since: { room: since } })
    const snapshot = await back.snapshot('room')
    expect(snapshot).toMatchObject({ recovered: true, offset: 6 })
    expect(snapshot.history?.map((entry) => entry[1].payload)).toEqual([4, 5, 6])
    expect((await back.request('SUBSCRIBE', { channel_name: 'room', since })).ok).toBe(true)
    const asked = await back.snapshot('room')
    expect(asked.history?.map((entry) => entry[1].offset)).toEqual([4, 5, 6])
    const others = world.app.calls.all.filter((call) =>
      ['unsubscribe', 'disconnect', 'destroy_channel'].includes(call.action),
    )
    expect(others).toEqual([])
  })
})

// The other kinds are given stores of their own, with more to recover from than the flags say.
describeWorlds('version 2: positions that are gone (G3)', ['one node, level'], (start) => {
  it('says recovered: false for positions of another epoch, from the future, or long gone', async () => {
    const world = await start({ args: ['--recovery-entries', '0', '--recovery-seconds', '0'] })
    world.app.channels.set('room', { ...log, history_size: 2 })
    const url = world.nodes[0]?.url ?? ''
    const ann = await loginTwo(url, 'ann')
    await ann.request('SUBSCRIBE', { channel_name: 'room' })
    const { epoch } = await ann.snapshot('room')
    for (let n = 1; n <= 200; n += 1)
      await ann.request('PUBLISH', { channel_name: 'room', payload: n })
    for (const since of [
      { epoch: 'another', offset: 199 },
      { epoch, offset: 2 ** 60 },
      { epoch, offset: 0 },
    ]) {
      const tab = await loginTwo(url, 'ann', { since: { room: since } })
      const snapshot = await tab.snapshot('room')
      expect(snapshot.recovered).toBe(false)
      expect(snapshot.history?.map((entry) => entry[1].payload)).toEqual([199, 200])
    }
    for (const since of [{ epoch, offset: -1 }, { epoch: 1, offset: 1 }, 'x']) {
      const answer = await ann.request('SUBSCRIBE', { channel_name: 'room', since })
      expect(answer.args.code).toBe('invalid_since')
    }
  })
})

describeWorlds('version 2: the resume window (G3)', oneKind, (start) => {
  it('keeps the place of a lost link: nobody is told and no hook is asked until it is over', async () => {
    const world = await start({ args: ['--resume-window', '1'] })
    world.app.channels.set('room', { presenceful: true })
    const url = world.nodes[0]?.url ?? ''
    const bob = await world.login('bob')
    await bob.subscribe('room')
    const ann = await loginTwo(url, 'ann')
    await ann.request('SUBSCRIBE', { channel_name: 'room' })
    await bob.next('SUBSCRIBE', (args) => args.user === 'ann')
    await ann.cut()
    const back = await loginTwo(url, 'ann')
    await back.snapshot('room')
    expect(await bob.unread('UNSUBSCRIBE', 'SUBSCRIBE')).toEqual([])
    await back.cut()
    expect(await bob.next('UNSUBSCRIBE')).toMatchObject({ user: 'ann' })
    await world.app.next('disconnect')
  })

  it('lets go at once who says goodbye or is sent away', async () => {
    const world = await start({ args: ['--resume-window', '3600'] })
    world.app.channels.set('room', { presenceful: true })
    const url = world.nodes[0]?.url ?? ''
    const bob = await world.login('bob')
    await bob.subscribe('room')
    for (const user of ['ann', 'eve']) {
      const client = await loginTwo(url, user)
      await client.request('SUBSCRIBE', { channel_name: 'room' })
      if (user === 'ann') expect((await client.request('DISCONNECT')).ok).toBe(true)
      else await world.rest.ok('disconnect_user', { name: 'eve' })
      await client.closed
      expect(await bob.next('UNSUBSCRIBE')).toMatchObject({ user })
    }
  })
})

describeWorlds('version 2: permissions that run out (spec §10, expires_in)', oneKind, (start) => {
  it('asks connect again with refresh=1 and closes whom the app no longer wants', async () => {
    const world = await start()
    world.app.users.set('ann', { expires_in: 1 })
    const url = world.nodes[0]?.url ?? ''
    const ann = await loginTwo(url, 'ann')
    await world.app.next('connect')
    const again = await world.app.next('connect')
    expect(again.fields).toContainEqual(['refresh', '1'])
    world.app.on('connect', () => [false, {}])
    expect(await ann.next('DISCONNECT')).toMatchObject({ code: 'refused', reconnect: false })
    await ann.closed
  })

  it('bears with a failing hook for --refresh-grace', async () => {
    const world = await start({ args: ['--connection-expires-in', '1', '--refresh-grace', '1'] })
    const ann = await loginTwo(world.nodes[0]?.url ?? '', 'ann')
    world.app.on('connect', () => ({ status: 500 }))
    expect(await ann.next('DISCONNECT')).toMatchObject({ code: 'refused' })
  })
})
