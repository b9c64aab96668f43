import type { Request } from '../wire/http-link.ts'
import type { Dialect, RestDialect } from './contender.ts'

const jsonHeaders = ['Content-Type: application/json']

/** The language of bench/servers/control.ts and plain-ws.ts. */
export const bareDialect: Dialect = {
  subscriber: (channel) => ({
    path: '/',
    steps: [{ send: JSON.stringify({ op: 'subscribe', channel }), await: '"subscribed"' }],
  }),
  publisher: () => ({ path: '/', steps: [] }),
  publish: (channel, payload) => `{"op":"publish","channel":"${channel}","payload":${payload}}`,
  acked: (channel, payload) =>
    `{"op":"publish","channel":"${channel}","payload":${payload},"id":1}`,
  ackMarker: '"ack"',
}

/** The control's REST. */
export const bareRest: RestDialect = {
  publish: (channel, payload): Request => ({
    path: '/publish',
    headers: jsonHeaders,
    body: `{"channel_name":"${channel}","payload":${payload}}`,
    marker: '[true',
  }),
  batch: (channels, payload): Request => ({
    path: '/publish_batch',
    headers: jsonHeaders,
    body: batchBody(channels, payload),
    marker: '"ok":true',
  }),
}

/** The body of a publish_batch: one entry per channel. */
export function batchBody(channels: readonly string[], payload: string): string {
  const entries = channels.map((channel) => `{"channel_name":"${channel}","payload":${payload}}`)
  return `{"entries":[${entries.join(',')}]}`
}
