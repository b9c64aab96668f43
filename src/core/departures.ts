import type { Connection } from './connection.ts'
import type { Departure } from './ports.ts'

/** How an ended connection leaves the rooms that it is in; to be asked before it is detached. */
export function departuresOf(
  connection: Connection,
  how: Departure['how'],
): (readonly [channel: string, departure: Departure])[] {
  const { reads } = connection.session
  const departures: [string, Departure][] = []
  for (const [name, { channel }] of connection.channels) {
    if (channel.room === undefined) continue
    const { offset, count } = channel.head
    // What a lost link was sent last may not have come: then only what has been written down counts.
    const seen = how === 'left' ? { offset, count } : reads ? connection.readTo : undefined
    departures.push([
      name,
      { how, ...(seen === undefined ? {} : { seen }), ...(reads ? { reads } : {}) },
    ])
  }
  return departures
}
