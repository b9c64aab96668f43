import { beforeEach, describe, expect, it } from 'vitest'
import {
  atRest,
  type CoreWorld,
  createCoreWorld,
  type Node,
} from '../../../test/helpers/core-world.ts'
import type { ChannelCommit } from '../ports.ts'

let world: CoreWorld
let crashing: Node
let living: Node

beforeEach(async () => {
  world = createCoreWorld()
  world.app.answers.set('create_channel', () => [
    true,
    { moderated: false, presenceful: true, history_size: 10 },
  ])
  crashing = await world.node()
  living = await world.node()
})

/** The channel commit that carries a join or leave. */
function commitOf(kind: 'enter' | 'leave') {
  return ([, commit]: readonly unknown[]) =>
    (commit as ChannelCommit).changes.some(({ change }) => change === kind)
}

async function roomNow() {
  const snapshot = await world.stores.channels.snapshot('room', {
    limit: 100,
    now: world.clock.now(),
  })
  return {
    presence: snapshot?.presence.map(({ user }) => user),
    entries: snapshot?.history.map(({ kind, author }) => `${kind} ${author.user}`),
  }
}

async function intentsOf(user: string) {
  return (await world.stores.users.snapshot(user))?.intents
}

describe('a join', () => {
  it.each([
    ['was not carried out', 'lose'],
    ['was carried out, but not answered', 'loseAnswer'],
  ] as const)('is finished where its channel’s half %s', async (_what, fault) => {
    const bob = await living.login('bob')
    await bob.subscribe('room')
    const ann = await crashing.login('ann')
    crashing.faults[fault]('channels.commit', commitOf('enter'))
    ann.send('SUBSCRIBE', { channel_name: 'room' })
    const [, , refusal] = await ann.next('ERROR')
    expect(refusal['msg']).toBe('Temporarily unavailable')
    expect(await intentsOf('ann')).toMatchObject([{ kind: 'join', channel: 'room' }])
    await world.clock.advance(100_000)
    expect(await intentsOf('ann')).toEqual([])
    expect(await roomNow()).toEqual({
      presence: ['bob', 'ann'],
      entries: ['join bob', 'join ann'],
    })
    expect(bob.all('SUBSCRIBE').map(([, , args]) => args['user'])).toEqual(['bob', 'ann'])
    expect(ann.all('SUBSCRIBE')).toHaveLength(1)
    bob.publish('room', 'hello')
    await atRest()
    expect(ann.payloads).toEqual(['hello'])
  })

  it('is finished where only its confirmation was lost', async () => {
    const ann = await crashing.login('ann')
    const isConfirm = ([, commit]: readonly unknown[]) =>
      JSON.stringify(commit).includes('"confirm"')
    crashing.faults.lose('users.commit', isConfirm)
    ann.send('SUBSCRIBE', { channel_name: 'room' })
    await ann.next('ERROR')
    await world.clock.advance(100_000)
    expect(await intentsOf('ann')).toEqual([])
    expect(await roomNow()).toEqual({ presence: ['ann'], entries: ['join ann'] })
    expect(ann.all('SUBSCRIBE')).toHaveLength(1)
  })
})

describe('a leave', () => {
  it.each([
    ['was not carried out', 'lose'],
    ['was carried out, but not answered', 'loseAnswer'],
  ] as const)('is finished where its channel’s half %s and the node died', async (_what, fault) => {
    const bob = await living.login('bob')
    await bob.subscribe('room')
    const ann = await crashing.login('ann')
    await ann.subscribe('room')
    crashing.faults[fault]('channels.commit', commitOf('leave'))
    ann.send('UNSUBSCRIBE', { channel_name: 'room' })
    await ann.next('ERROR')
    crashing.faults.isDown = true
    await world.clock.advance(25_000)
    expect(await intentsOf('ann')).toMatchObject([{ kind: 'leave', channel: 'room' }])
    await world.clock.advance(100_000)
    expect(await intentsOf('ann')).toBeUndefined()
    expect(await roomNow()).toEqual({
      presence: ['bob'],
      entries: ['join bob', 'join ann', 'leave ann'],
    })
    expect(bob.all('UNSUBSCRIBE').map(([, , args]) => args['user'])).toEqual(['ann'])
  })

  it('of the last subscriber has the channel destroyed, also when its answer was lost', async () => {
    // The sweep for channels that were abandoned before the start is over.
    await world.clock.advance(61_000)
    const ann = await crashing.login('ann')
    await ann.subscribe('room')
    crashing.faults.loseAnswer('channels.commit', commitOf('leave'))
    ann.send('UNSUBSCRIBE', { channel_name: 'room' })
    await ann.next('ERROR')
    expect(world.app.count('destroy_channel')).toBe(0)
    await world.clock.advance(100_000)
    expect(world.app.count('destroy_channel')).toBe(1)
    expect(await roomNow()).toEqual({ presence: undefined, entries: undefined })
  })

  it('that is overtaken by a new join does not undo it', async () => {
    const bob = await living.login('bob')
    await bob.subscribe('room')
    const ann = await crashing.login('ann')
    await ann.subscribe('room')
    crashing.faults.lose('channels.commit', commitOf('leave'))
    ann.send('UNSUBSCRIBE', { channel_name: 'room' })
    await ann.next('ERROR')
    await ann.subscribe('room')
    await world.clock.advance(100_000)
    expect((await roomNow()).presence).toEqual(['bob', 'ann'])
    expect(bob.all('UNSUBSCRIBE')).toEqual([])
  })
})
