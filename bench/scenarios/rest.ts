import type { RestDialect, Running } from '../contenders/contender.ts'
import { type Request, sendOnce } from '../wire/http-link.ts'
import { payloadOf } from './payload.ts'
import { RestLoad } from './rest-load.ts'
import type { Outcome, Scenario, Turn } from './scenario.ts'
import { limitsOf, measure, withServer } from './with-server.ts'

/** One publish per call, over kept links, to channels that are kept. */
export const restPublish: Scenario = {
  name: 'rest',
  title: ({ restLinks }) => `REST publish, ${restLinks} links`,
  unit: '/s',
  counts: 'publishes',
  run: (turn) =>
    overRest(turn, {
      channels: turn.sizes.restLinks,
      request: (rest, at) => rest.publish(channelOf(at.link), payloadOf(at.payload)),
    }),
}

/** Many publishes per call, each to another channel. */
export const restBatch: Scenario = {
  name: 'rest-batch',
  title: ({ restLinks, batch }) => `REST publish_batch of ${batch}, ${restLinks} links`,
  unit: '/s',
  counts: 'messages',
  run: (turn) =>
    overRest(turn, {
      channels: turn.sizes.batch,
      request: (rest, at) => {
        if (rest.batch === undefined) throw new Error('it has no batches')
        return rest.batch(channelsUpTo(turn.sizes.batch), payloadOf(at.payload))
      },
    }),
}

interface How {
  readonly channels: number
  readonly request: (rest: RestDialect, at: { link: number; payload: number }) => Request
}

function overRest(turn: Turn, how: How): Promise<Outcome[]> {
  return withServer(turn, { channels: 'kept' }, (server) => run(server, turn, how))
}

async function run(server: Running, turn: Turn, how: How): Promise<Outcome[]> {
  const { rest } = server.dialect
  if (rest === undefined) throw new Error('it has no REST')
  const port = server.restPort ?? server.port
  for (const call of rest.prepare?.(channelsUpTo(how.channels)) ?? []) {
    if ((await sendOnce(port, call)) === 0) throw new Error(`${call.path} was refused`)
  }
  const outcomes: Outcome[] = []
  for (const payload of turn.sizes.payloads) {
    const load = new RestLoad(limitsOf(turn))
    for (let link = 0; link < turn.sizes.restLinks; link += 1) {
      await load.open(port, how.request(rest, { link, payload }))
    }
    const sample = await measure(load, server, turn)
    load.close()
    outcomes.push({ payload, value: sample.perSecond, sample })
  }
  return outcomes
}

function channelsUpTo(count: number): string[] {
  return Array.from({ length: count }, (_, i) => channelOf(i))
}

function channelOf(index: number): string {
  return `rest-${index}`
}
