import type { Running } from '../contenders/contender.ts'
import { clientFrame } from '../wire/client-frame.ts'
import type { Link } from '../wire/link.ts'
import { CircleLoad, type CircleParts } from './circle-load.ts'
import { closeLinks, openLinks } from './open-links.ts'
import { payloadMarker, payloadOf } from './payload.ts'
import type { Outcome, Scenario, Turn } from './scenario.ts'
import { limitsOf, measure, withServer } from './with-server.ts'

/** Many channels with a few members each, who all publish and publish again when everybody has heard everybody. */
export const rooms: Scenario = {
  name: 'rooms',
  title: (sizes) => `${sizes.rooms} channels × ${sizes.members}, everybody talks at once`,
  unit: '/s',
  counts: 'deliveries',
  run: (turn) => withServer(turn, { channels: 'passing' }, (server) => run(server, turn)),
}

async function run(server: Running, turn: Turn): Promise<Outcome[]> {
  const { dialect, port } = server
  const { sizes } = turn
  const links = await openLinks(port, sizes.rooms * sizes.members, (index) =>
    dialect.subscriber(channelOf(Math.floor(index / sizes.members))),
  )
  const outcomes: Outcome[] = []
  for (const payload of sizes.payloads) {
    const circles = Array.from({ length: sizes.rooms }, (_, room): CircleParts => {
      const members = links.slice(room * sizes.members, (room + 1) * sizes.members)
      const frame = clientFrame(dialect.publish(channelOf(room), payloadOf(payload)))
      return {
        senders: members.map((link: Link) => ({ link, next: () => frame })),
        receivers: members,
        expected: sizes.members ** 2,
      }
    })
    const load = new CircleLoad(circles, { marker: payloadMarker, limits: limitsOf(turn) })
    const sample = await measure(load, server, turn)
    outcomes.push({ payload, value: sample.perSecond, sample })
  }
  closeLinks(links)
  return outcomes
}

function channelOf(room: number): string {
  return `room-${room}`
}
