import { beforeEach, describe, expect, it, vi } from 'vitest'
import { atRest, type CoreWorld, createCoreWorld } from '../../../test/helpers/core-world.ts'
import type { UserCommit } from '../ports.ts'

let world: CoreWorld

beforeEach(() => {
  world = createCoreWorld()
})

const connectArgs = { cookie_string: '', payload: '"ann"' }

const isConnect = ([, commit]: readonly unknown[]) =>
  (commit as UserCommit).changes[0]?.change === 'connect'

const isDisconnect = ([, commit]: readonly unknown[]) =>
  (commit as UserCommit).changes[0]?.change === 'disconnect'

describe('a CONNECT whose commit failed', () => {
  it('leaves nobody behind where it was carried out all the same', async () => {
    const node = await world.node()
    node.faults.loseAnswer('users.commit', isConnect)
    const ann = node.open()
    ann.send('CONNECT', connectArgs)
    await ann.next('ERROR')
    await atRest()
    expect(await world.stores.users.snapshot('ann')).toBeUndefined()
    expect(node.core.hub.users.size).toBe(0)
  })

  it('leaves nobody behind where the store also fails to take it out, three times', async () => {
    const node = await world.node()
    node.faults.loseAnswer('users.commit', isConnect)
    for (let i = 0; i < 3; i += 1) node.faults.lose('users.commit', isDisconnect)
    const ann = node.open()
    ann.send('CONNECT', connectArgs)
    await ann.next('ERROR')
    ann.end()
    await atRest()
    expect((await world.stores.users.snapshot('ann'))?.connections).toHaveLength(1)
    await world.clock.advance(10_000)
    expect(await world.stores.users.snapshot('ann')).toBeUndefined()
  })

  it('may be tried again on the same link', async () => {
    const node = await world.node()
    node.faults.lose('users.commit', isConnect)
    const ann = node.open()
    ann.send('CONNECT', connectArgs)
    await ann.next('ERROR')
    ann.send('CONNECT', connectArgs)
    await ann.next('CONNECTED')
    await world.clock.advance(60_000)
    expect((await world.stores.users.snapshot('ann'))?.connections).toHaveLength(1)
    expect(ann.link.closed).toBeUndefined()
  })
})

describe('guests', () => {
  const start = 'a'.repeat(8)

  /** Gives the next links ids that begin alike. */
  async function openGuests(ids: readonly string[]) {
    world.app.answers.set('connect', () => [true, {}])
    const node = await world.node()
    const names: unknown[] = []
    const hex = vi.spyOn(node.core.random, 'hex')
    for (const id of ids) {
      hex.mockReturnValueOnce(id)
      const guest = node.open()
      guest.send('CONNECT', { cookie_string: '' })
      names.push((await guest.next('CONNECTED'))[2]['name'])
    }
    return { node, names }
  }

  it('are named after the first eight characters of their connection', async () => {
    const { names } = await openGuests([`${start}${'b'.repeat(24)}`])
    expect(names).toEqual([`guest-${start}`])
  })

  it('are each a user of its own, also where these characters are the same', async () => {
    const ids = ['b', 'c', 'd'].map((rest) => `${start}${'0'.repeat(8)}${rest.repeat(16)}`)
    const { names } = await openGuests(ids)
    expect(names).toEqual([`guest-${start}`, `guest-${start}00000000`, `guest-${ids[2]}`])
  })
})
