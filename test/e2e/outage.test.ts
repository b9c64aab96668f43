import { expect, it } from 'vitest'
import { createBreakable } from '../helpers/breakable-stores.ts'
import { createManualClock } from '../helpers/manual-clock.ts'
import { describeWorlds, type WorldKind } from '../helpers/world.ts'

const kinds: readonly WorldKind[] = ['one node, memory', 'two nodes']
const unavailable = 'Temporarily unavailable'

describeWorlds('a store that is down (G9)', kinds, (start) => {
  async function startBreakable() {
    const store = createBreakable()
    const clock = createManualClock()
    const world = await start({ wrapStores: store.wrap, clock })
    world.app.channels.set('room', { history_size: 20, presenceful: true })
    return { store, clock, world }
  }

  it('refuses what it cannot keep, shows it to nobody, and goes on when it is back', async () => {
    const { store, world } = await startBreakable()
    const ann = await world.login('ann')
    const bob = await world.login('bob')
    await ann.subscribe('room')
    await bob.subscribe('room')
    store.down = true
    expect((await ann.error(ann.publish('room', 'lost'))).msg).toBe(unavailable)
    expect((await ann.error(ann.send('SUBSCRIBE', { channel_name: 'new' }))).msg).toBe(unavailable)
    const answer = await world.rest.call('publish', { channel_name: 'room', payload: 1 })
    expect([answer.ok, answer.body.msg]).toEqual([false, unavailable])
    const entries = [{ channel_name: 'room', payload: 1 }]
    const batch = await world.rest.call('publish_batch', { entries })
    expect(JSON.stringify(batch.body)).toContain(unavailable)
    const client = await world.open()
    const id = client.send('CONNECT', { cookie_string: 'user=mia' })
    expect((await client.error(id)).msg).toBe(unavailable)
    store.down = false
    ann.publish('room', 'kept')
    expect((await bob.published('room')).payload).toBe('kept')
    expect(await bob.unread('PUBLISH')).toEqual([])
    await ann.subscribe('new')
    client.send('CONNECT', { cookie_string: 'user=mia' })
    expect((await client.next('CONNECTED')).name).toBe('mia')
    const info = await world.rest.ok('get_channel_info', { channel_name: 'room' })
    const kept = info.options?.history?.filter((entry) => entry[0] === 'PUBLISH')
    expect(kept?.map((entry) => entry[1].payload)).toEqual(['kept'])
  })

  it('does not keep the server from stopping', async () => {
    const { store, clock, world } = await startBreakable()
    const ann = await world.login('ann')
    await ann.subscribe('room')
    store.down = true
    const closing = Promise.allSettled(world.nodes.map((node) => node.close()))
    await clock.advance(1000)
    expect((await ann.closed).code).toBe(1012)
    expect((await closing).map((one) => one.status)).toEqual(world.nodes.map(() => 'fulfilled'))
  })

  it('is not ready meanwhile, in a reason code only, but alive', async () => {
    const { store, world } = await startBreakable()
    store.down = true
    const url = world.nodes[0]?.url
    const ready = await fetch(`${url}/health/ready`)
    expect(ready.status).toBe(503)
    const body = await ready.text()
    expect(body).toContain('store')
    expect(body).not.toContain('device')
    expect((await fetch(`${url}/health/live`)).status).toBe(200)
    store.down = false
    expect((await fetch(`${url}/health/ready`)).status).toBe(200)
  })

  it('expires nobody by its own absence', async () => {
    const { store, clock, world } = await startBreakable()
    const ann = await world.login('ann')
    await ann.subscribe('room')
    store.down = true
    for (let n = 0; n < 10; n += 1) await clock.advance(10_000)
    store.down = false
    for (let n = 0; n < 10; n += 1) await clock.advance(10_000)
    ann.publish('room', 'still here')
    expect((await ann.published('room')).presence).toEqual(['ann'])
    expect(world.app.count('disconnect')).toBe(0)
  })

  it('lets a user who went meanwhile be gone when it is back, and the app be told', async () => {
    const { store, clock, world } = await startBreakable()
    const bob = await world.login('bob')
    await bob.subscribe('room')
    const ann = await world.login('ann')
    await ann.subscribe('room')
    await bob.next('SUBSCRIBE')
    store.down = true
    await ann.close()
    await bob.barrier()
    store.down = false
    for (let n = 0; n < 12; n += 1) await clock.advance(10_000)
    expect((await bob.next('UNSUBSCRIBE')).user).toBe('ann')
    expect((await world.app.next('disconnect')).form).toMatchObject({
      name: 'ann',
      channels: '["room"]',
    })
  })
})
