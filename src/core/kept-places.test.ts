import { beforeEach, describe, expect, it } from 'vitest'
import {
  atRest,
  type Browser,
  type CoreWorld,
  createCoreWorld,
  type Node,
} from '../../test/helpers/core-world.ts'

let world: CoreWorld

beforeEach(() => {
  world = createCoreWorld()
  world.app.answers.set('create_channel', () => [true, { moderated: false, presenceful: true }])
  world.app.answers.set('connect', () => [true, { name: 'ann' }])
})

/** A version 2 link, which keeps its user's place for 20 s. */
async function openTwo(node: Node): Promise<Browser> {
  const browser = node.open()
  browser.send('CONNECT', { version: 2, payload: null })
  await browser.next('CONNECTED')
  return browser
}

async function places(): Promise<number> {
  return (await world.stores.users.snapshot('ann'))?.connections.length ?? 0
}

describe('the kept places of a user whose links come and go', () => {
  it('are one, and the user stays until the last window is over', async () => {
    const node = await world.node()
    for (let i = 0; i < 50; i += 1) {
      const link = await openTwo(node)
      await link.subscribe('room')
      link.end()
      await atRest()
      expect(await places()).toBe(1)
    }
    expect(node.core.hub.connections.size).toBe(0)
    await world.clock.advance(19_000)
    expect(await places()).toBe(1)
    expect(world.app.count('destroy_channel')).toBe(0)
    await world.clock.advance(3000)
    expect(await places()).toBe(0)
    expect(world.app.told.filter(({ kind }) => kind === 'disconnect')).toHaveLength(1)
  })

  it('are at most twenty where each may hold other subscriptions', async () => {
    world.app.answers.set('connect', () => [
      true,
      { name: 'ann', per_connection_subscriptions: true },
    ])
    const node = await world.node()
    for (let i = 0; i < 30; i += 1) {
      const link = await openTwo(node)
      link.end()
      await atRest()
    }
    expect(await places()).toBe(20)
    await world.clock.advance(22_000)
    expect(await places()).toBe(0)
  })

  it('are none for a link that said goodbye', async () => {
    const node = await world.node()
    const link = await openTwo(node)
    link.send('DISCONNECT', {})
    await atRest()
    link.end()
    await atRest()
    expect(await places()).toBe(0)
  })
})
