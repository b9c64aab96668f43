import { beforeEach, describe, expect, it } from 'vitest'
import { atRest } from '../../test/helpers/core-world.ts'
import { createRoomWorld, type RoomNode, type RoomWorld } from '../../test/helpers/room-world.ts'

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
