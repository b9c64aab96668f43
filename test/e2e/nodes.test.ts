import { expect, it } from 'vitest'
import { describeWorlds } from '../helpers/world.ts'

describeWorlds('two nodes (design §3, issue item 3)', ['two nodes', 'chaos'], (start) => {
  const log = { history_size: 500, history_publish_only: true, presenceful: true, moderated: false }

  it('brings every message of both nodes to both nodes, in one order without holes (G2)', async () => {
    const world = await start()
    world.app.channels.set('room', log)
    const clients = await Promise.all(
      [0, 1, 0, 1].map((node, index) => world.login(`user${index}`, { node })),
    )
    for (const client of clients) await client.subscribe('room')
    const total = 200
    for (let n = 0; n < total; n += 1) clients[n % 4]?.publish('room', n)
    const orders = await Promise.all(
      clients.map(async (client) => {
        const payloads: unknown[] = []
        while (payloads.length < total) payloads.push((await client.published('room')).payload)
        return payloads
      }),
    )
    for (const order of orders) expect(order).toEqual(orders[0])
    expect(orders[0]?.toSorted((a, b) => Number(a) - Number(b))).toEqual(
      Array.from({ length: total }, (_, n) => n),
    )
    for (const client of clients) expect(await client.unread('PUBLISH')).toEqual([])
    const late = await world.login('late')
    const { history } = await late.subscribe('room')
    expect(history?.map((entry) => entry[1].payload)).toEqual(orders[0])
  })

  it('joins without gap or overlap while others publish', async () => {
    const world = await start()
    world.app.channels.set('room', log)
    const talker = await world.login('talker', { node: 0 })
    await talker.subscribe('room')
    const total = 150
    const sending = (async () => {
      for (let n = 0; n < total; n += 1) {
        talker.publish('room', n)
        if (n % 5 === 0) await talker.barrier()
      }
    })()
    const joined = await Promise.all(
      Array.from({ length: 8 }, async (_, index) => {
        const client = await world.login(`late${index}`, { node: index % 2 })
        const { history } = await client.subscribe('room')
        return { client, seen: (history ?? []).map((entry) => entry[1].payload) }
      }),
    )
    await sending
    for (const { client, seen } of joined) {
      while (seen.length < total) seen.push((await client.published('room')).payload)
      expect(seen).toEqual(Array.from({ length: total }, (_, n) => n))
    }
  })

  it('brings the last message of all, after which nothing follows', async () => {
    const world = await start()
    world.app.channels.set('room', log)
    const ann = await world.login('ann', { node: 0 })
    await ann.subscribe('room')
    const bob = await world.login('bob', { node: 1 })
    await bob.subscribe('room')
    for (let n = 0; n < 15; n += 1) {
      ann.publish('room', n)
      expect((await bob.published('room')).payload).toBe(n)
    }
  })

  it('tells joins and leaves of the other node once, and keeps one presence list', async () => {
    const world = await start()
    world.app.channels.set('room', log)
    const ann = await world.login('ann', { node: 0 })
    await ann.subscribe('room')
    const one = await world.login('bob', { node: 0 })
    const two = await world.login('bob', { node: 1 })
    await two.subscribe('room')
    await one.snapshot('room')
    expect((await ann.next('SUBSCRIBE')).user).toBe('bob')
    await two.close()
    one.publish('room', 'here')
    await ann.published('room')
    await one.close()
    expect((await ann.next('UNSUBSCRIBE')).user).toBe('bob')
    expect(ann.names.filter((name) => name === 'UNSUBSCRIBE')).toHaveLength(1)
    expect((await world.app.next('disconnect')).form.name).toBe('bob')
    expect(world.app.count('disconnect')).toBe(1)
    const info = await world.rest.ok('get_channel_info', { channel_name: 'room' })
    expect(info.subscribers).toEqual(['ann'])
  })

  it('destroys a channel once when the last user leaves, wherever that is', async () => {
    const world = await start()
    world.app.channels.set('room', log)
    const ann = await world.login('ann', { node: 0 })
    const bob = await world.login('bob', { node: 1 })
    await ann.subscribe('room')
    await bob.subscribe('room')
    await Promise.all([ann.close(), bob.close()])
    await world.app.next('destroy_channel')
    await world.app.next('disconnect')
    await world.app.next('disconnect')
    await expect.poll(async () => (await world.rest.ok('get_server_info')).channels).toEqual([])
    expect(world.app.count('destroy_channel')).toBe(1)
    const mia = await world.login('mia', { node: 1 })
    expect((await mia.subscribe('room')).history).toEqual([])
  })

  it('shows changes of state and options on both nodes, in order', async () => {
    const world = await start()
    world.app.channels.set('room', log)
    const clients = [await world.login('ann', { node: 0 }), await world.login('bob', { node: 1 })]
    for (const client of clients) await client.subscribe('room')
    for (let n = 0; n < 30; n += 1)
      await world.rest.ok('state_set_key', { channel_name: 'room', key: 'n', val: n })
    for (const client of clients) {
      await client.next('STATE_UPDATE', (args) => Object.values(args.updates ?? {})[0] === 29)
      const seen = client.frames.all
        .filter((frame) => frame.name === 'STATE_UPDATE')
        .map((frame) => Number(Object.values(frame.args.updates ?? {})[0]))
      expect(seen).toEqual(seen.toSorted((a, b) => a - b))
    }
  })

  it('carries REST calls out about users and connections of the other node', async () => {
    const world = await start()
    world.app.channels.set('room', log)
    const ann = await world.login('ann', { node: 0 })
    const bob = await world.login('bob', { node: 1 })
    for (const name of ['ann', 'bob'])
      await world.rest.ok('subscribe', { channel_name: 'room', name })
    await ann.snapshot('room')
    await bob.snapshot('room')
    for (const name of ['ann', 'bob'])
      await world.rest.ok('unsubscribe', { channel_name: 'room', name })
    await ann.next('UNSUBSCRIBE', (args) => args.user === 'ann')
    await bob.next('UNSUBSCRIBE', (args) => args.user === 'bob')
    const { connections } = await world.rest.ok('get_server_info')
    expect(connections).toHaveLength(2)
    for (const identifier of connections ?? []) await world.rest.ok('disconnect', { identifier })
    await Promise.all([ann.closed, bob.closed])
  })

  it('lets one user subscribe and unsubscribe from two nodes at once, and ends in one truth', async () => {
    const world = await start()
    world.app.channels.set('room', log)
    const keeper = await world.login('keeper', { node: 0 })
    await keeper.subscribe('room')
    const tabs = [await world.login('ann', { node: 0 }), await world.login('ann', { node: 1 })]
    for (let n = 0; n < 10; n += 1) {
      tabs[n % 2]?.send('SUBSCRIBE', { channel_name: 'room' })
      tabs[(n + 1) % 2]?.send('UNSUBSCRIBE', { channel_name: 'room' })
    }
    for (const tab of tabs) await tab.barrier()
    await Promise.all(tabs.map((tab) => tab.close()))
    await world.app.next('disconnect')
    await expect
      .poll(async () => {
        const info = await world.rest.ok('get_channel_info', { channel_name: 'room' })
        return info.subscribers
      })
      .toEqual(['keeper'])
    const told = keeper.frames.all.filter((frame) => frame.args.user === 'ann')
    expect(told.map((frame) => frame.name)).toEqual(
      told.map((_, index) => (index % 2 ? 'UNSUBSCRIBE' : 'SUBSCRIBE')),
    )
  })
})

describeWorlds('two nodes with a bus that keeps its messages', ['two nodes'], (start) => {
  it('delivers publishes of channels without history across nodes, in order, once', async () => {
    const world = await start()
    world.app.channels.set('room', { moderated: false })
    const ann = await world.login('ann', { node: 0 })
    const bob = await world.login('bob', { node: 1 })
    await ann.subscribe('room')
    await bob.subscribe('room')
    for (let n = 0; n < 100; n += 1) ann.publish('room', n)
    for (let n = 0; n < 100; n += 1) expect((await bob.published('room')).payload).toBe(n)
    expect(await bob.unread('PUBLISH')).toEqual([])
  })

  it('keeps a user whose connection stays on the node that is left', async () => {
    const world = await start()
    const one = await world.login('ann', { node: 0 })
    const two = await world.login('ann', { node: 1 })
    await one.subscribe('room')
    await two.snapshot('room')
    await world.nodes[0]?.close()
    expect((await one.closed).code).toBe(1012)
    two.publish('room', 1)
    await two.published('room')
    expect(world.app.count('disconnect')).toBe(0)
  })
})
