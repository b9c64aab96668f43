import { expect, test } from 'vitest'
import type { TransportName } from '../../src/client/index.ts'
import { describeSdk, inState, untilEntry } from './sdk-world.ts'

const kept = { history_size: 1000, presenceful: true, history_publish_only: true }
const transports: readonly TransportName[] = ['websocket', 'csp-stream', 'csp-poll']

describeSdk('what every transport keeps', (start) => {
  test.each(transports)('%s: subscribes, publishes, is told of others', async (transport) => {
    const { world, client } = await start()
    world.app.channels.set('room', kept)
    const ann = client('ann', { transports: [transport] })
    const bob = client('bob', { transports: [transport] })
    const [hers, his] = [ann.channel('room'), bob.channel('room')]
    await hers.subscribe()
    await his.subscribe()
    const heard = untilEntry(his, 'naïve ☕ 😀 \u2028')
    await hers.publish('naïve ☕ 😀 \u2028')
    expect(await heard).toMatchObject({ user: 'ann' })
    expect(hers.users).toEqual(['ann', 'bob'])
    const message = new Promise((resolve) => bob.on('message', resolve))
    await ann.message('bob', { x: [1] })
    expect(await message).toMatchObject({ sender: 'ann', payload: { x: [1] } })
    await his.unsubscribe()
    expect(his.status).toBe('unsubscribed')
  })

  test.each(transports)('%s: a payload of 60 KB goes both ways', async (transport) => {
    const { world, client } = await start()
    world.app.channels.set('room', kept)
    const room = client('ann', { transports: [transport] }).channel('room')
    await room.subscribe()
    const big = `"${'é'.repeat(30_000)}`
    await room.publish(big)
    expect(room.entries.map(({ payload }) => payload)).toEqual([big])
  })

  test.each(transports)('%s: what was missed comes once and in order', async (transport) => {
    const { world, client, network } = await start()
    world.app.channels.set('room', kept)
    const ann = client('ann', { transports: [transport] })
    const room = ann.channel('room')
    await room.subscribe()
    const heard: unknown[] = []
    room.on('entry', ({ payload }) => heard.push(payload))
    const bob = client('bob', { url: world.nodes[0]?.url ?? '' }).channel('room')
    const lines = Array.from({ length: 30 }, (_, i) => i)
    const last = untilEntry(room, 29)
    for (const line of lines) {
      if (line % 10 === 5) network.cut()
      await bob.publish(line)
    }
    await last
    expect(heard).toEqual(lines)
  })

  test.each(transports)(
    '%s: publishes made while offline arrive once, in order',
    async (transport) => {
      const { world, client, network } = await start()
      world.app.channels.set('room', kept)
      const ann = client('ann', { transports: [transport] })
      const room = ann.channel('room')
      await room.subscribe()
      const offline = inState(ann, 'offline')
      network.down()
      await offline
      const lines = Array.from({ length: 500 }, (_, i) => i)
      const published = Promise.all(lines.map((line) => room.publish(line)))
      network.up()
      ann.connect()
      const answers = await published
      expect(answers.map(({ offset }) => offset)).toEqual(lines.map((line) => line + 1))
      expect(room.entries.map(({ payload }) => payload)).toEqual(lines)
    },
  )

  test('publishes whose answers were lost are not entered twice', async () => {
    const { world, client, network } = await start()
    world.app.channels.set('room', kept)
    const ann = client('ann')
    const room = ann.channel('room')
    await room.subscribe()
    const gate = world.app.hold('publish')
    const published = room.publish('once')
    await world.app.next('publish')
    network.cut()
    gate.release()
    const first = await published
    expect(room.entries.map(({ payload }) => payload)).toEqual(['once'])
    expect((await room.history()).entries).toHaveLength(1)
    expect(first.id).toMatch(/^[0-9a-f]{32}$/)
  })

  test('a server that forgot the channel is told as a reset', async () => {
    const { world, client, network } = await start({ args: ['--resume-window', '0'] })
    world.app.channels.set('room', kept)
    const ann = client('ann')
    const room = ann.channel('room')
    await room.subscribe()
    await room.publish('before')
    const offline = inState(ann, 'offline')
    network.down()
    await offline
    await world.app.next('destroy_channel')
    const reset = new Promise((resolve) => room.on('reset', resolve))
    network.up()
    ann.connect()
    expect(await reset).toMatchObject({ entries: [] })
    expect(room.entries).toEqual([])
  })
})
