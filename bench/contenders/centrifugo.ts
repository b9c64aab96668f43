import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Child, makeFolder, removeFolder, startChild } from '../processes/children.ts'
import { freePort, listening } from '../processes/free-port.ts'
import type { Request } from '../wire/http-link.ts'
import type { ChannelKind, Contender, Dialect, Setup } from './contender.ts'
import { startHookApp } from './hook-app.ts'

const binary = process.env['CENTRIFUGO_BIN'] ?? ''
const path = '/connection/websocket'
const connect = '{"id":1,"connect":{}}'
const jsonHeaders = ['Content-Type: application/json']

const dialect: Dialect = {
  subscriber: (channel) => ({
    path,
    steps: [
      { send: `${connect}\n{"id":2,"subscribe":{"channel":"${channel}"}}`, await: '"subscribe":' },
    ],
  }),
  publisher: () => ({ path, steps: [{ send: connect, await: '"connect":' }] }),
  publish: publishText,
  acked: publishText,
  ackMarker: '"publish":{',
  rest: {
    publish: (channel, payload): Request => ({
      path: '/api/publish',
      headers: jsonHeaders,
      body: `{"channel":"${channel}","data":${payload}}`,
      marker: '"result"',
    }),
    batch: (channels, payload): Request => ({
      path: '/api/batch',
      headers: jsonHeaders,
      body: `{"parallel":true,"commands":[${channels
        .map((channel) => `{"publish":{"channel":"${channel}","data":${payload}}}`)
        .join(',')}]}`,
      marker: '"publish":{',
    }),
  },
}

/** Centrifugo with its memory engine, where CENTRIFUGO_BIN names its program. */
export const centrifugo: Contender = {
  name: 'centrifugo',
  title: 'Centrifugo (memory engine)',
  scenarios: [
    'fanout-one',
    'fanout-burst',
    'rooms',
    'ack',
    'hook-publish',
    'rest',
    'rest-batch',
    'memory',
    'cold-start',
  ],
  missing: () => (existsSync(binary) ? undefined : 'CENTRIFUGO_BIN names no program'),
  async start(setup) {
    const app = setup.channels === 'asked' ? await startHookApp(setup.cores, {}) : undefined
    const folder = makeFolder()
    const child = await startCentrifugo(setup, { folder, app })
    return {
      pid: child.pid,
      port: child.port,
      startMs: child.startMs,
      ...(app === undefined ? {} : { appPid: app.pid }),
      dialect,
      collectGarbage() {},
      async stop() {
        await child.stop()
        await app?.stop()
        removeFolder(folder)
      },
    }
  },
}

async function startCentrifugo(
  { channels, cores }: Setup,
  parts: { folder: string; app: Child | undefined },
): Promise<Child> {
  const port = await freePort()
  const file = join(parts.folder, 'config.json')
  writeFileSync(file, JSON.stringify(config(port, channels, parts.app?.port)))
  return startChild({
    file: binary,
    args: ['-c', file],
    // On one core a second thread of its scheduler only costs.
    env: cores.server === undefined ? {} : { GOMAXPROCS: '1' },
    core: cores.server,
    isUp: () => listening(port),
  })
}

function config(port: number, kind: ChannelKind, appPort: number | undefined): object {
  return {
    http_server: { address: '127.0.0.1', port: String(port) },
    http_api: { insecure: true },
    log: { level: 'error' },
    client: {
      allow_anonymous_connect_without_token: true,
      allowed_origins: ['*'],
      ping_interval: '600s',
      pong_timeout: '60s',
    },
    channel: {
      ...(appPort === undefined
        ? {}
        : { proxy: { publish: { endpoint: `http://127.0.0.1:${appPort}/centrifugo/publish` } } }),
      without_namespace: {
        allow_subscribe_for_client: true,
        allow_subscribe_for_anonymous: true,
        allow_publish_for_client: true,
        allow_publish_for_anonymous: true,
        ...(kind === 'kept' ? { history_size: 100, history_ttl: '300s' } : {}),
        ...(kind === 'asked' ? { publish_proxy_enabled: true } : {}),
      },
    },
  }
}

function publishText(channel: string, payload: string): string {
  return `{"id":3,"publish":{"channel":"${channel}","data":${payload}}}`
}
