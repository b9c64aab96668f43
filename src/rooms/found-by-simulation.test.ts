import { beforeEach, describe, expect, it } from 'vitest'
import { atRest } from '../../test/helpers/core-world.ts'
import {
  createRoomWorld,
  profileOf,
  type RoomNode,
  type RoomWorld,
} from '../../test/helpers/room-world.ts'

import { destroyChannel } from '../core/operations/destroy-channel.ts'

/** What the simulation has found in rooms, each in as few steps as it takes (test/simulation). */

let world: RoomWorld
let node: RoomNode

beforeEach(async () => {
  world = createRoomWorld()
  node = await world.roomNode()
})

describe('an UNSUBSCRIBE of a page', () => {
  it('asks no hook where the user is in by talk alone', async () => {
    const talk = await node.talk('room', 'ann')
    const page = await node.login('ann')
    page.send('UNSUBSCRIBE', { channel_name: 'room' })
    await atRest()
    expect(world.app.count('unsubscribe')).toBe(0)
    await talk.say('still in')
    expect(talk.heard).toEqual(['still in'])
  })
})

describe('a link', () => {
  it('hears its room where its user was still held to be in a former one of the name', async () => {
    await node.talk('room', 'ann')
    node.faults.lose('users.commit', ([, commit]) => has(commit, 'unsubscribe'))
    const ended = destroyChannel(node.core, { channel: 'room', hook: 'skip' })
    await expect(ended).rejects.toThrow()
    const back = await node.talk('room', 'ann')
    await back.say('hello')
    expect(back.heard).toEqual(['hello'])
  })

  it('is ended where not everything since its entrance is kept', async () => {
    const small = await world.roomNode({ talkHistorySize: 1 })
    await say(small, ['first'])
    const entrance = await small.rooms.enter({
      room: 'room',
      profile: profileOf('bob'),
      token: 'bob',
    })
    await outgrow(small)
    const bob = await small.arrive(entrance)
    expect(bob.heard).toEqual([])
    expect(bob.link.closed?.code).toBe(4006)
  })

  it('asks no hook where it could not be made its user for sure', async () => {
    await node.talk('other', 'ann')
    node.faults.loseAnswer('users.commit', ([, commit]) => has(commit, 'connect'))
    await node.talk('room', 'ann')
    await atRest()
    expect((await world.stores.users.snapshot('ann'))?.connections).toHaveLength(1)
    expect(world.app.count('unsubscribe')).toBe(0)
  })
})

describe('somebody who is away', () => {
  const bodies = async () => (await world.pushes()).map(({ body }) => body)

  beforeEach(async () => {
    await node.rooms.add('room', { users: ['bob'], by: { kind: 'app' } })
  })

  it('is told once of what was said after its leave, where what it missed is not kept', async () => {
    const small = await world.roomNode({ talkHistorySize: 1 })
    await small.rooms.remove('room', { users: ['bob'] })
    await small.rooms.add('room', { users: ['bob'], by: { kind: 'app' } })
    const page = small.open()
    page.send('CONNECT', { version: 2, payload: 'bob' })
    await page.next('CONNECTED')
    await page.subscribe('room')
    await say(small, ['a', 'b', 'c'])
    page.end()
    await world.clock.advance(21_000)
    await outgrow(small)
    const told = await bodies()
    expect(told.length).toBeGreaterThan(0)
    expect(new Set(told).size).toBe(told.length)
  })

  it('is told of nothing that was said in a former room of the name', async () => {
    const ann = await node.talk('room', 'ann')
    await ann.say('secret')
    const [notice] = await world.stores.outbox.due({ now: world.clock.now(), limit: 1 })
    if (notice === undefined) throw new Error('nothing is to be pushed')
    const late = node.faults.holdAnswer('channels.snapshot')
    const expanded = node.rooms.expand(notice)
    await late.done
    await destroyChannel(node.core, { channel: 'room', hook: 'skip' })
    await node.rooms.add('room', { users: ['eve'], by: { kind: 'app' } })
    late.release()
    expect((await expanded).calls).toEqual([])
  })

  it('is told of nothing again where its leave is carried out twice', async () => {
    const ann = await node.talk('room', 'ann')
    const bob = await node.talk('room', 'bob')
    await ann.say('one')
    node.faults.loseAnswer('channels.commit', ([, commit]) => has(commit, 'leave'))
    await bob.end('lost')
    expect(await bodies()).toEqual(['one'])
    await ann.say('two')
    expect(await bodies()).toEqual(['two'])
    await world.clock.advance(120_000)
    expect(await world.stores.users.snapshot('bob')).toBeUndefined()
    expect(await bodies()).toEqual([])
  })
})

async function say(to: RoomNode, messages: readonly string[]): Promise<void> {
  for (const body of messages) {
    const content = JSON.stringify({ body })
    await to.rooms.inject('room', { author: undefined, type: 'message', content })
  }
}

/** So much is said in the room, and so late, that nothing of before is kept. */
async function outgrow(on: RoomNode): Promise<void> {
  await say(
    on,
    Array.from({ length: 200 }, (_, index) => `early ${index}`),
  )
  await world.clock.advance(400_000)
  await say(
    on,
    Array.from({ length: 100 }, (_, index) => `late ${index}`),
  )
}

function has(commit: unknown, change: string): boolean {
  const { changes } = commit as { readonly changes: readonly { readonly change: string }[] }
  return changes.some((each) => each.change === change)
}
