import { serialPlace } from '../wire/client-frame.ts'
import type { Request } from '../wire/http-link.ts'
import { batchBody } from './bare-dialect.ts'
import type { ChannelKind, Dialect } from './contender.ts'

/** Token of the REST calls. */
export const apiToken = 'bench'

/** What the app answers about new channels. */
export const channelOptions: Readonly<Record<ChannelKind, object>> = {
  passing: { moderated: false },
  kept: { moderated: false, history_size: 100 },
  asked: { moderated: false, moderated_publish: true },
}

const headers = ['Content-Type: application/json', `Authorization: Bearer ${apiToken}`]

/** Version 2 of the frames. `ids`: each publish carries an id, so that it may be repeated, as the SDK does it. */
export function dialectTwo(kind: ChannelKind, ids: 'with ids' | 'without ids'): Dialect {
  const connect = frame(1, 'CONNECT', '{"version":2,"cookie_string":""}')
  const publish = (channel: string, payload: string) =>
    frame(3, 'PUBLISH', `{"channel_name":"${channel}","payload":${payload}}`)
  const withId = (channel: string, payload: string) =>
    frame(
      3,
      'PUBLISH',
      `{"channel_name":"${channel}","payload":${payload},"id":"p-${serialPlace}"}`,
    )
  return {
    subscriber: (channel) => ({
      path: '/ws',
      steps: [{ send: `${connect}${subscribe(channel)}`, await: '"OK",{"id":2' }],
    }),
    publisher: () => ({ path: '/ws', steps: [{ send: connect, await: '"OK",{"id":1' }] }),
    publish,
    acked: ids === 'with ids' ? withId : publish,
    ackMarker: '"OK"',
    rest: restOf(kind),
  }
}

/** Version 1 of the frames, the one of hookbox.js: no acknowledgements, payloads are JSON in strings. */
export function dialectOne(kind: ChannelKind): Dialect {
  const connect = frame(1, 'CONNECT', '{"cookie_string":""}')
  return {
    subscriber: (channel) => ({
      path: '/ws',
      steps: [{ send: `${connect}${subscribe(channel)}`, await: '"SUBSCRIBE"' }],
    }),
    publisher: () => ({ path: '/ws', steps: [{ send: connect, await: '"CONNECTED"' }] }),
    publish: (channel, payload) =>
      frame(3, 'PUBLISH', `{"channel_name":"${channel}","payload":${JSON.stringify(payload)}}`),
    rest: restOf(kind),
  }
}

function restOf(kind: ChannelKind): NonNullable<Dialect['rest']> {
  return {
    prepare: (channels) =>
      channels.map((channel) => ({
        path: '/web/create_channel',
        headers,
        body: JSON.stringify({ channel_name: channel, ...channelOptions[kind] }),
        marker: '[true',
      })),
    publish: (channel, payload): Request => ({
      path: '/web/publish',
      headers,
      body: `{"channel_name":"${channel}","payload":${payload}}`,
      marker: '[true',
    }),
    batch: (channels, payload): Request => ({
      path: '/web/publish_batch',
      headers,
      body: batchBody(channels, payload),
      marker: '"ok":true',
    }),
  }
}

function subscribe(channel: string): string {
  return frame(2, 'SUBSCRIBE', `{"channel_name":"${channel}"}`)
}

function frame(id: number, name: string, args: string): string {
  return `[${id},"${name}",${args}]\r\n`
}
