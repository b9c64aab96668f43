import type { ChannelKind, Running } from '../contenders/contender.ts'
import { NumberedFrame } from '../wire/client-frame.ts'
import { CircleLoad, type CircleParts } from './circle-load.ts'
import { closeLinks, openLinks } from './open-links.ts'
import { payloadOf } from './payload.ts'
import type { Outcome, Scenario, Turn } from './scenario.ts'
import { limitsOf, measure, withServer } from './with-server.ts'

const serialsPerSender = 100_000_000

/** Publishes to channels that are kept, each sender's next one after its acknowledgement. */
export const acknowledged = publishing('ack', {
  channels: 'kept',
  title: 'Publish with acknowledgement',
})

/** Publishes that the app is asked about, each sender's next one after its acknowledgement. */
export const throughHook = publishing('hook-publish', {
  channels: 'asked',
  title: 'Publish through a hook',
})

function publishing(name: string, how: { channels: ChannelKind; title: string }): Scenario {
  return {
    name,
    title: ({ publishers }) => `${how.title}, ${publishers} in flight`,
    unit: '/s',
    counts: 'publishes',
    run: (turn) => withServer(turn, { channels: how.channels }, (server) => run(server, turn)),
  }
}

/** Each sender has a link and a channel of its own, that nobody listens to. */
async function run(server: Running, turn: Turn): Promise<Outcome[]> {
  const { dialect, port } = server
  const { acked, ackMarker } = dialect
  if (acked === undefined || ackMarker === undefined) throw new Error('it has no acknowledgements')
  const { publishers, payloads } = turn.sizes
  const links = await openLinks(port, publishers, (index) => dialect.publisher(channelOf(index)))
  const outcomes: Outcome[] = []
  for (const [round, payload] of payloads.entries()) {
    const circles = links.map((link, index): CircleParts => {
      const first = (index * payloads.length + round) * (serialsPerSender / payloads.length)
      const frame = new NumberedFrame(acked(channelOf(index), payloadOf(payload)), first)
      return {
        senders: [{ link, next: () => frame.next() }],
        receivers: [link],
        expected: 1,
      }
    })
    const load = new CircleLoad(circles, { marker: ackMarker, limits: limitsOf(turn) })
    const sample = await measure(load, server, turn)
    outcomes.push({ payload, value: sample.perSecond, sample })
  }
  closeLinks(links)
  return outcomes
}

function channelOf(sender: number): string {
  return `sender-${sender}`
}
