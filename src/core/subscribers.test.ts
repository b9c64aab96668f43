import { beforeEach, describe, expect, it } from 'vitest'
import { createCountingClock, FakeLink } from '../../test/helpers/core-world.ts'
import { hookboxProtocol } from '../protocols/hookbox/protocol.ts'
import { Connection } from './connection.ts'
import { Delivery } from './delivery.ts'
import type { Entry } from './entry.ts'
import { Subscribers } from './subscribers.ts'

let subscribers: Subscribers

beforeEach(() => {
  subscribers = new Subscribers(new Delivery(createCountingClock(), () => {}))
})

function connection(id: string): Connection {
  return new Connection({
    id,
    link: new FakeLink(),
    protocol: hookboxProtocol,
    session: hookboxProtocol.open({ maxFrameBytes: 1000 }),
    origin: { transport: 'fake', address: '' },
    pressure: { wrote: () => {} },
  })
}

function entry(offset: number): Entry {
  return {
    kind: 'publish',
    id: `e${offset}`,
    at: 0,
    author: {},
    content: '1',
    encoding: 'json',
    epoch: 'x',
    offset,
    count: offset,
  }
}

describe('a connection that is joining', () => {
  it('has at most ten thousand entries kept for it, then reads again', () => {
    const joining = subscribers.startJoining(connection('a'))
    for (let offset = 1; offset <= 10_000; offset += 1) subscribers.collect(entry(offset))
    expect(joining).toMatchObject({ again: false })
    subscribers.collect(entry(10_001))
    expect(joining.entries).toHaveLength(10_000)
    expect(joining.again).toBe(true)
  })

  it('has at most ten thousand entries without a place kept for it', () => {
    const joining = subscribers.startJoining(connection('a'))
    for (let i = 0; i < 10_100; i += 1) {
      subscribers.send({ event: 'publish', channel: 'room', entry: entry(0) })
    }
    expect(joining.passing).toHaveLength(10_000)
  })

  it('is nobody’s after it was removed, however its reading ends', () => {
    const one = connection('a')
    const joining = subscribers.startJoining(one)
    subscribers.remove(one)
    expect(subscribers.isJoining(one, joining)).toBe(false)
    expect(subscribers.size).toBe(0)
  })
})
