import { describe, expect, it } from 'vitest'
import { atRest, createCoreWorld, FakeLink } from '../../../test/helpers/core-world.ts'
import type { Arrive, Inbound } from '../../core/acceptor.ts'
import { Refusal } from '../../core/errors.ts'
import { createTalk } from './protocol.ts'

const talk = createTalk({ compat: 'seed', regularType: 'message' })

/** A link of talk before a real core. */
async function open(arrive: Arrive): Promise<{ link: FakeLink; inbound: Inbound; told: string[] }> {
  const node = await createCoreWorld().node({ settings: { maxFrameBytes: 100 } })
  const link = new FakeLink()
  const from = { transport: 'websocket', address: '127.0.0.1', arrive }
  const inbound = node.running.acceptor.accept(link, talk('tea'), from)
  await atRest()
  return {
    link,
    inbound,
    get told() {
      return link.writes.flat().map(({ text }) => text)
    },
  }
}

const arrived: Arrive = async (connection) => {
  connection.stage = 'connected'
}

describe('a link of talk', () => {
  it('goes on after what is no message', async () => {
    const opened = await open(arrived)
    opened.inbound.receive('hi')
    opened.inbound.receive('[]')
    await atRest()
    expect(opened.told).toEqual(['{"ERROR": "invalid message"}', '{"ERROR": "invalid message"}'])
    expect(opened.link.closed).toBeUndefined()
  })

  it('ends after a message that is too large, and says so once', async () => {
    const opened = await open(arrived)
    opened.inbound.receive(`{"a":"${'x'.repeat(100)}"}`)
    opened.inbound.receive('hi')
    await atRest()
    expect(opened.told).toEqual(['{"ERROR": "Frame too large"}'])
    expect(opened.link.closed?.code).toBe(1009)
  })

  it('ends where it may not arrive, and says so once', async () => {
    const opened = await open(async () => {
      throw new Refusal('shut_out')
    })
    expect(opened.told).toEqual(['{"ERROR": "not a member"}'])
    expect(opened.link.closed?.code).toBe(4010)
  })
})
