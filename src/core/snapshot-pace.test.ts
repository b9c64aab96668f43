import { beforeEach, describe, expect, it } from 'vitest'
import { atRest, type CoreWorld, createCoreWorld } from '../../test/helpers/core-world.ts'

let world: CoreWorld

beforeEach(() => {
  world = createCoreWorld()
  const options = { moderated: false, history_size: 100, history_publish_only: true }
  world.app.answers.set('create_channel', () => [true, options])
})

/** A channel whose snapshot is larger than what may wait, and a link that takes nothing. */
async function startSlow() {
  const node = await world.node({ settings: { maxWaitingBytes: 5000 } })
  const keeper = await node.login('keeper')
  await keeper.subscribe('room')
  for (let i = 0; i < 20; i += 1) keeper.publish('room', 'x'.repeat(500))
  await atRest()
  const ann = await node.login('ann')
  ann.link.isStuck = true
  return { node, keeper, ann }
}

describe('a link that asks for snapshots and takes none', () => {
  it('is sent one, and the next only when that has been taken', async () => {
    const { ann } = await startSlow()
    for (let i = 0; i < 20; i += 1) {
      ann.send('SUBSCRIBE', { channel_name: 'room' })
      ann.send('UNSUBSCRIBE', { channel_name: 'room' })
    }
    await world.clock.advance(10_000)
    expect(ann.all('SUBSCRIBE')).toHaveLength(1)
    ann.link.pendingBytes = 0
    await world.clock.advance(1000)
    expect(ann.all('SUBSCRIBE')).toHaveLength(2)
  })

  it('does not hold up others, nor its own end', async () => {
    const { node, ann, keeper } = await startSlow()
    for (let i = 0; i < 3; i += 1) {
      ann.send('SUBSCRIBE', { channel_name: 'room' })
      ann.send('UNSUBSCRIBE', { channel_name: 'room' })
    }
    await atRest()
    keeper.publish('room', 'still here')
    await atRest()
    expect(keeper.payloads.at(-1)).toBe('still here')
    ann.end()
    await world.clock.advance(1000)
    expect(await world.stores.users.snapshot('ann')).toBeUndefined()
    expect(node.core.hub.users.size).toBe(1)
  })
})
