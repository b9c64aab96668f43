import { beforeEach, describe, expect, it } from 'vitest'
import { atRest, type Browser, createCoreWorld } from '../../test/helpers/core-world.ts'
import { hookboxProtocol } from '../protocols/hookbox/protocol.ts'
import type { Event } from './event.ts'
import type { Encoder, Protocol, Session } from './protocol.ts'

/** The real protocol, whose encoder notes what it encodes. */
function countingProtocol(encoded: Event['event'][]): Protocol {
  const wrapped = new Map<Encoder, Encoder>()
  const wrap = (encoder: Encoder): Encoder => {
    const known = wrapped.get(encoder)
    if (known !== undefined) return known
    const counting: Encoder = {
      key: encoder.key,
      snapshots: encoder.snapshots,
      encode: (event) => {
        encoded.push(event.event)
        return encoder.encode(event)
      },
    }
    wrapped.set(encoder, counting)
    return counting
  }
  return {
    ...hookboxProtocol,
    open: (limits) =>
      new Proxy<Session>(hookboxProtocol.open(limits), {
        get(target, key) {
          if (key === 'encoder') return wrap(target.encoder)
          const member: unknown = Reflect.get(target, key)
          return typeof member === 'function' ? member.bind(target) : member
        },
      }),
  }
}

async function startRoom(channel: Record<string, unknown>) {
  const world = createCoreWorld()
  world.app.answers.set('create_channel', () => [true, { moderated: false, ...channel }])
  const encoded: Event['event'][] = []
  const node = await world.node({ protocol: countingProtocol(encoded) })
  const login = async (user: string) => {
    const browser = await node.login(user)
    await browser.subscribe('room')
    return browser
  }
  return { world, node, encoded, login }
}

function publishFrames(count: number): string {
  const args = { channel_name: 'room', payload: '"x"' }
  const frames = Array.from({ length: count }, (_, i) => JSON.stringify([i + 10, 'PUBLISH', args]))
  return frames.map((frame) => `${frame}\r\n`).join('')
}

describe.each([
  ['without history', { history_size: 0 }],
  ['with history', { history_size: 100 }],
])('delivery on a channel %s', (_what, channel) => {
  let readers: Browser[]
  let room: Awaited<ReturnType<typeof startRoom>>

  beforeEach(async () => {
    room = await startRoom(channel)
    readers = []
    for (let i = 0; i < 40; i += 1) readers.push(await room.login(`reader${i}`))
    await atRest()
    room.encoded.length = 0
    for (const { link } of readers) link.writes.length = 0
  })

  it('encodes an entry once, whatever the number of subscribers, and shares it', async () => {
    readers[0]?.write(publishFrames(1))
    await atRest()
    expect(room.encoded).toEqual(['publish'])
    const written = new Set(readers.map(({ link }) => link.writes[0]?.[0]))
    expect(written.size).toBe(1)
    expect(readers.every(({ link }) => link.writes.length === 1)).toBe(true)
  })

  it('writes once per connection and turn, in order', async () => {
    readers[0]?.write(publishFrames(10))
    await atRest()
    expect(room.encoded).toHaveLength(10)
    for (const { link } of readers) {
      expect(link.writes).toHaveLength(1)
      const ids = link.writes[0]?.map(({ text }) => JSON.parse(text)[0] as number)
      expect(ids).toEqual(ids?.toSorted((a, b) => a - b))
    }
  })

  it('sets no timer for messages or connections', async () => {
    const before = room.world.clock.timers
    for (let i = 0; i < 20; i += 1) await room.login(`late${i}`)
    for (let i = 0; i < 20; i += 1) readers[i]?.write(publishFrames(5))
    await atRest()
    // The sweep of the deadlines for CONNECT runs already, or begins once.
    expect(room.world.clock.timers - before).toBeLessThanOrEqual(1)
  })

  it('does not write to a link that has ended', async () => {
    const [first, second] = readers as [Browser, Browser]
    second.end()
    await atRest()
    second.link.writes.length = 0
    first.write(publishFrames(1))
    await atRest()
    expect(second.link.writes).toEqual([])
  })
})

describe('delivery of a connection’s own publish', () => {
  it('leaves it out where the channel is not reflective, its other tab not', async () => {
    const { login } = await startRoom({ reflective: false, history_size: 5 })
    const [one, other] = [await login('ann'), await login('ann')]
    one.publish('room', 1)
    await atRest()
    expect([one.payloads, other.payloads]).toEqual([[], [1]])
  })
})

describe('delivery to a link whose transport throws', () => {
  it('ends that link and tells all others', async () => {
    const { node, login } = await startRoom({ history_size: 5 })
    const [broken, ...others] = [await login('ann'), await login('bob'), await login('cid')]
    broken.link.write = () => {
      throw new Error('no such socket')
    }
    for (const number of [1, 2]) {
      others[0]?.publish('room', number)
      await atRest()
    }
    expect(others.map(({ payloads }) => payloads)).toEqual([
      [1, 2],
      [1, 2],
    ])
    expect(broken.link.closed?.code).toBe(1011)
    expect(node.telemetry.failures[0]).toMatchObject({ stage: 'delivery' })
  })
})

describe('delivery to all tabs of one user', () => {
  it('encodes a message once, on each node', async () => {
    const { node, encoded } = await startRoom({})
    const tabs: Browser[] = []
    for (let i = 0; i < 5; i += 1) tabs.push(await node.login('ann'))
    const bob = await node.login('bob')
    encoded.length = 0
    bob.send('MESSAGE', { name: 'ann', payload: '1' })
    await atRest()
    expect(tabs.map((tab) => tab.all('MESSAGE').length)).toEqual([1, 1, 1, 1, 1])
    // One for the recipient, one that comes back to the sender.
    expect(encoded).toEqual(['message', 'message'])
    expect(new Set(tabs.map(({ link }) => link.writes.at(-1)?.[0])).size).toBe(1)
  })

  it('encodes what only the sender gets once', async () => {
    const { world, node, encoded, login } = await startRoom({ moderated: true })
    world.app.answers.set('publish', () => [true, { only_to_sender: true }])
    const tabs: Browser[] = [await login('ann')]
    for (let i = 0; i < 4; i += 1) tabs.push(await node.login('ann'))
    await atRest()
    encoded.length = 0
    tabs[0]?.publish('room', 'mine')
    await atRest()
    expect(tabs.map(({ payloads }) => payloads)).toEqual(tabs.map(() => ['mine']))
    expect(encoded).toEqual(['publish'])
  })
})
