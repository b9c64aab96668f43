import { expect, it } from 'vitest'
import { describeWorlds, oneKind, reliableKinds } from '../helpers/world.ts'

const log = { history_size: 20, history_publish_only: true }

/** What a gate was asked under may change before it answers (design §3, "After a gate"). */
describeWorlds('changes while a gate is asked', reliableKinds, (start) => {
  it('publish nothing into a channel that was destroyed and made anew meanwhile', async () => {
    const world = await start()
    world.app.channels.set('room', log)
    const ann = await world.login('ann')
    await ann.subscribe('room')
    const held = world.app.hold('publish')
    const id = ann.publish('room', 'for the old channel')
    await world.app.next('publish')
    await world.rest.ok('destroy_channel', { channel_name: 'room' })
    await world.rest.create('room', log)
    held.release()
    expect((await ann.error(id)).msg).not.toBe('')
    const info = await world.rest.ok('get_channel_info', { channel_name: 'room' })
    expect(info.options?.history).toEqual([])
  })

  it('join nobody to a channel that was destroyed and made anew meanwhile without asking again', async () => {
    const world = await start()
    await world.rest.create('room', log)
    const ann = await world.login('ann')
    const held = world.app.hold('subscribe')
    const id = ann.send('SUBSCRIBE', { channel_name: 'room' })
    await world.app.next('subscribe')
    await world.rest.ok('destroy_channel', { channel_name: 'room' })
    await world.rest.create('room', log)
    held.release()
    const frame = await ann.frames.next('an ERROR or a snapshot', ({ name, args }) =>
      name === 'ERROR' ? args.id === id : name === 'SUBSCRIBE',
    )
    if (frame.name === 'SUBSCRIBE') expect(world.app.count('subscribe')).toBeGreaterThan(1)
    const info = await world.rest.ok('get_channel_info', { channel_name: 'room' })
    expect(info.subscribers).toEqual(frame.name === 'SUBSCRIBE' ? ['ann'] : [])
  })

  it('publish by the options of the moment of publishing', async () => {
    const world = await start()
    world.app.channels.set('room', log)
    const ann = await world.login('ann')
    const bob = await world.login('bob')
    await ann.subscribe('room')
    await bob.subscribe('room')
    const held = world.app.hold('publish')
    ann.publish('room', 'late')
    await world.app.next('publish')
    await world.rest.ok('set_channel_options', { channel_name: 'room', reflective: false })
    held.release()
    expect((await bob.published('room')).payload).toBe('late')
    bob.send('MESSAGE', { name: 'ann', payload: '"mark"' })
    await ann.next('MESSAGE')
    expect(await ann.unread('PUBLISH')).toEqual([])
  })

  it('deliver a publish whose sender has left meanwhile, and join nobody who has', async () => {
    const world = await start()
    world.app.channels.set('room', { ...log, presenceful: true })
    const bob = await world.login('bob')
    await bob.subscribe('room')
    const ann = await world.login('ann')
    const publish = world.app.hold('publish')
    const subscribe = world.app.hold('subscribe')
    ann.publish('room', 'last words')
    ann.send('SUBSCRIBE', { channel_name: 'room' })
    await world.app.next('publish')
    await world.app.next('subscribe')
    await ann.cut()
    publish.release()
    subscribe.release()
    expect((await world.app.next('disconnect')).form.name).toBe('ann')
    const info = await world.rest.ok('get_channel_info', { channel_name: 'room' })
    expect(info.subscribers).toEqual(['bob'])
    bob.publish('room', 'mark')
    await bob.next('PUBLISH', (args) => args.payload === 'mark')
    const told = bob.frames.all.filter(({ args }) => args.user === 'ann')
    expect(told.filter(({ name }) => name === 'SUBSCRIBE')).toHaveLength(
      told.filter(({ name }) => name === 'UNSUBSCRIBE').length,
    )
  })

  it('let a kicked user come back at once', async () => {
    const world = await start()
    world.app.channels.set('room', { presenceful: true })
    const bob = await world.login('bob')
    await bob.subscribe('room')
    for (let n = 0; n < 5; n += 1) {
      const ann = await world.login('ann')
      await ann.subscribe('room')
      const kicked = world.rest.ok('disconnect_user', { name: 'ann' })
      await ann.closed
      await kicked
    }
    const ann = await world.login('ann')
    expect((await ann.subscribe('room')).presence).toEqual(['bob', 'ann'])
    bob.publish('room', 'mark')
    await ann.published('room')
  })

  it('keep one channel where many users come and go at the same time', async () => {
    const world = await start()
    const most = { create_channel: 0, destroy_channel: 0 }
    for (const hook of ['create_channel', 'destroy_channel'] as const) {
      let asked = 0
      world.app.on(hook, async () => {
        asked += 1
        most[hook] = Math.max(most[hook], asked)
        for (let turn = 0; turn < 5; turn += 1) await new Promise((go) => setImmediate(go))
        asked -= 1
        return [true, {}]
      })
    }
    const clients = await Promise.all(Array.from({ length: 12 }, (_, n) => world.login(`user${n}`)))
    await Promise.all(
      clients.map(async (client) => {
        for (let n = 0; n < 8; n += 1) {
          await joined(client)
          client.send('UNSUBSCRIBE', { channel_name: 'room' })
          await client.next('UNSUBSCRIBE')
        }
      }),
    )
    const channels = async () => (await world.rest.ok('get_server_info')).channels
    await expect.poll(channels, { timeout: 10_000 }).toEqual([])
    expect(world.app.count('create_channel')).toBeLessThanOrEqual(
      world.app.count('destroy_channel'),
    )
    expect(most).toEqual({ create_channel: 1, destroy_channel: 1 })
  })
})

/** Subscribes; a channel that was just destroyed may ask for another try. */
async function joined(
  client: Awaited<ReturnType<typeof import('../helpers/client.ts').openClient>>,
) {
  for (;;) {
    const id = client.send('SUBSCRIBE', { channel_name: 'room' })
    const frame = await client.frames.next('an ERROR or a snapshot', ({ name, args }) =>
      name === 'ERROR' ? args.id === id : name === 'SUBSCRIBE',
    )
    if (frame.name === 'SUBSCRIBE') return
    expect(frame.args.msg).toBe('The channel was destroyed or changed, try again')
  }
}

describeWorlds('HTTP at the WebSocket’s door', oneKind, (start) => {
  it('is answered by an error and harms nobody', async () => {
    const world = await start()
    const url = world.nodes[0]?.url
    expect((await fetch(`${url}/ws`)).status).toBeGreaterThanOrEqual(400)
    expect((await fetch(`${url}/ws`, { method: 'POST', body: 'x' })).status).toBeGreaterThanOrEqual(
      400,
    )
    await world.login('ann')
  })
})
