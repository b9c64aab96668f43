import { expect, test } from 'vitest'
import { describeSdk, inState } from './sdk-world.ts'

const kept = { history_size: 100, presenceful: true }

describeSdk('the SDK', (start) => {
  test('connects, subscribes, publishes and hears it', async () => {
    const { world, client } = await start()
    world.app.channels.set('room', kept)
    const ann = client('ann')
    const room = ann.channel('room')
    await room.subscribe()
    expect([ann.user, ann.state, room.status]).toEqual(['ann', 'connected', 'subscribed'])
    const heard: unknown[] = []
    room.on('entry', (entry) => heard.push([entry.payload, entry.user]))
    const published = await room.publish({ text: 'hi' })
    expect(published).toMatchObject({ duplicate: false, epoch: room.position?.epoch })
    expect(heard).toEqual([[{ text: 'hi' }, 'ann']])
    expect(room.entries.map(({ payload }) => payload)).toEqual([{ text: 'hi' }])
  })

  test('after a cut link it resumes with exactly what was missed', async () => {
    const { world, client, network } = await start()
    world.app.channels.set('room', kept)
    const ann = client('ann')
    const room = ann.channel('room')
    await room.subscribe()
    const heard: unknown[] = []
    const resets: unknown[] = []
    room.on('entry', ({ payload }) => heard.push(payload))
    room.on('reset', (page) => resets.push(page))
    const bob = await world.login('bob')
    bob.send('SUBSCRIBE', { channel_name: 'room' })
    await room.publish(1)
    const offline = inState(ann, 'offline')
    network.down()
    await offline
    bob.send('PUBLISH', { channel_name: 'room', payload: '2' })
    await bob.next('PUBLISH', ({ payload }) => payload === 2)
    network.up()
    ann.connect()
    await inState(ann, 'connected')
    await room.publish(3)
    expect(heard).toEqual([1, 2, 3])
    expect(resets).toEqual([])
  })
})
