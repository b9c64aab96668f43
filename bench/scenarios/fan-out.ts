import type { Running } from '../contenders/contender.ts'
import { clientFrame } from '../wire/client-frame.ts'
import type { Link } from '../wire/link.ts'
import { CircleLoad } from './circle-load.ts'
import { closeLinks, openLinks } from './open-links.ts'
import { payloadMarker, payloadOf } from './payload.ts'
import type { Outcome, Scenario, Sizes, Turn } from './scenario.ts'
import { limitsOf, measure, withServer } from './with-server.ts'

const channel = 'fan-out'

/** One message at a time to all subscribers of a channel. */
export const fanOutOne = fanOut(
  'fanout-one',
  () => 1,
  ({ subscribers }) => `Fan-out, ${subscribers} subscribers, one message at a time`,
)

/** Several messages in one write of the publisher, to all subscribers of a channel. */
export const fanOutBurst = fanOut(
  'fanout-burst',
  ({ burst }) => burst,
  ({ subscribers, burst }) => `Fan-out, ${subscribers} subscribers, bursts of ${burst}`,
)

function fanOut(
  name: string,
  burstOf: (sizes: Sizes) => number,
  title: (sizes: Sizes) => string,
): Scenario {
  return {
    name,
    title,
    unit: '/s',
    counts: 'deliveries',
    run: (turn) =>
      withServer(turn, { channels: 'passing' }, (server) => run(server, turn, burstOf(turn.sizes))),
  }
}

async function run(server: Running, turn: Turn, burst: number): Promise<Outcome[]> {
  const { dialect, port } = server
  const { subscribers, payloads } = turn.sizes
  const receivers = await openLinks(port, subscribers, () => dialect.subscriber(channel))
  const [publisher] = await openLinks(port, 1, () => dialect.publisher(channel))
  const outcomes: Outcome[] = []
  for (const payload of payloads) {
    const frame = clientFrame(dialect.publish(channel, payloadOf(payload)))
    const bytes = Buffer.concat(Array.from({ length: burst }, () => frame))
    const circle = {
      senders: [{ link: publisher as Link, next: () => bytes }],
      receivers,
      expected: subscribers * burst,
    }
    const load = new CircleLoad([circle], { marker: payloadMarker, limits: limitsOf(turn) })
    const sample = await measure(load, server, turn)
    outcomes.push({ payload, value: sample.perSecond, sample })
  }
  closeLinks(receivers)
  return outcomes
}
