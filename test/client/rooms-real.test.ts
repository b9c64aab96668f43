import { expect, test } from 'vitest'
import type { Offhook } from '../../src/client/index.ts'
import { type Room, roomsOf } from '../../src/client/rooms/index.ts'
import type { World } from '../helpers/world.ts'
import { describeSdk, inState, untilEntry } from './sdk-world.ts'

const members = ['ann', 'bob']

/** Makes rooms with ann and bob in them. */
async function createRooms(world: World, ...names: string[]): Promise<void> {
  for (const channel_name of names) {
    await world.rest.ok('room_create', { channel_name, members })
  }
}

/** What the server itself says is unread. */
async function unreadOf(world: World, user: string, channel_name: string): Promise<unknown> {
  const answer = (await world.rest.ok('room_unread', { user, channel_name })) as { unread?: number }
  return answer.unread
}

async function entered(client: Offhook, name = 'tea') {
  const channel = client.channel(name)
  const room = roomsOf(client).room(name)
  await channel.subscribe()
  return { channel, room }
}

function untilUnread(room: Room, unread: number): Promise<void> {
  return expect.poll(() => room.unread).toBe(unread) as Promise<void>
}

describeSdk(
  'rooms in the SDK',
  (start) => {
    test('what others say is unread until it is read, in every tab', async () => {
      const { world, client } = await start()
      await createRooms(world, 'tea', 'news')
      const [first, second, bob] = [client('ann'), client('ann'), client('bob')]
      const { room } = await entered(first)
      const { channel: his } = await entered(bob)
      expect((await roomsOf(second).list()).map(({ name }) => name).sort()).toEqual(['news', 'tea'])
      await his.publish('one')
      await his.publish('two')
      await untilUnread(room, 2)
      await room.read(1)
      await untilUnread(room, 1)
      await expect.poll(() => roomsOf(second).room('tea').readOffset).toBe(1)
      expect(roomsOf(second).room('tea').unread).toBe(1)
      await roomsOf(second).room('tea').read(2)
      await untilUnread(room, 0)
      expect(await unreadOf(world, 'ann', 'tea')).toBe(0)
    })

    test('whoever publishes has read it all', async () => {
      const { world, client } = await start()
      await createRooms(world, 'tea')
      const [ann, bob] = [await entered(client('ann')), await entered(client('bob'))]
      await bob.channel.publish('one')
      await untilUnread(ann.room, 1)
      await ann.channel.publish('two')
      await untilUnread(ann.room, 0)
      await untilUnread(bob.room, 1)
      expect([ann.room.readOffset, bob.room.readOffset]).toEqual([2, 1])
    })

    test('what was said and read behind a broken link counts when it is back', async () => {
      const { world, client, network } = await start()
      await createRooms(world, 'tea')
      const ann = client('ann')
      const { room } = await entered(ann)
      const direct = world.nodes[0]?.url ?? ''
      const elsewhere = client('ann', { url: direct })
      const { channel: his } = await entered(client('bob', { url: direct }))
      await his.publish('heard')
      await untilUnread(room, 1)
      const offline = inState(ann, 'offline')
      network.down()
      await offline
      for (const text of ['missed', 'missed too', 'the last']) await his.publish(text)
      await roomsOf(elsewhere).list()
      await roomsOf(elsewhere).room('tea').read(2)
      const read = room.read(3)
      network.up()
      ann.connect()
      await read
      await untilUnread(room, 1)
      expect(room.readOffset).toBe(3)
      expect(await unreadOf(world, 'ann', 'tea')).toBe(1)
    })

    test('typing is told to the others, and ends with the message', async () => {
      const { world, client } = await start()
      await createRooms(world, 'tea')
      const [ann, bob] = [await entered(client('ann')), await entered(client('bob'))]
      const typing = new Promise((resolve) => ann.room.on('typing', resolve))
      bob.room.typing()
      expect(await typing).toEqual(['bob'])
      expect(bob.room.typingUsers).toEqual([])
      await bob.channel.publish('there')
      await expect.poll(() => ann.room.typingUsers).toEqual([])
    })

    test('whoever is removed has no count any more', async () => {
      const { world, client } = await start()
      await createRooms(world, 'tea')
      const ann = await entered(client('ann'))
      const bob = await entered(client('bob'))
      await bob.channel.publish('one')
      await untilUnread(ann.room, 1)
      await world.rest.ok('room_remove', { channel_name: 'tea', user: 'ann' })
      await expect.poll(() => ann.channel.status).toBe('unsubscribed')
      await expect.poll(() => ann.room.isMember).toBe(false)
      expect(ann.room.unread).toBe(0)
      await expect(ann.room.read(1)).rejects.toMatchObject({ code: 'not_member' })
    })

    test('in a conversation over links that break, all tabs agree with the server in the end', async () => {
      const { world, client, network } = await start()
      await createRooms(world, 'tea')
      const tabs = ['ann', 'ann', 'bob'].map((user) => client(user))
      const sides = await Promise.all(tabs.map((tab) => entered(tab)))
      const direct = await entered(client('bob', { url: world.nodes[0]?.url ?? '' }))
      for (let line = 1; line <= 60; line += 1) {
        if (line % 15 === 7) network.cut()
        const side = sides[line % 3]
        if (line % 5 === 0) await side?.room.read()
        else await side?.channel.publish(line)
      }
      const heard = Promise.all(sides.map(({ channel }) => untilEntry(channel, 'over')))
      await direct.channel.publish('over')
      await heard
      const truth = [await unreadOf(world, 'ann', 'tea'), await unreadOf(world, 'bob', 'tea')]
      await expect
        .poll(() => [...sides, direct].map(({ room }) => room.unread))
        .toEqual([truth[0], truth[0], truth[1], truth[1]])
    })

    test('more rooms than fit into one answer are listed all', async () => {
      const { world, client } = await start()
      const names = Array.from({ length: 101 }, (_, i) => `room ${i}`)
      await createRooms(world, ...names)
      const list = await roomsOf(client('ann')).list()
      expect(list.map(({ name }) => name).sort()).toEqual(names.sort())
    })
  },
  ['one node, memory', 'two nodes'],
)
