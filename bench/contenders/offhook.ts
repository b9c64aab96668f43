import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Child, makeFolder, removeFolder, startChild } from '../processes/children.ts'
import type { Contender, Dialect, Running, Setup } from './contender.ts'
import { startHookApp } from './hook-app.ts'
import { nodeServer } from './node-server.ts'
import { apiToken, channelOptions, dialectOne, dialectTwo } from './offhook-dialect.ts'

const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))

/** Limits that are about one browser or one address, of which the load generator is many. */
const flags = [
  '--port=0',
  '--interface=127.0.0.1',
  '--max-connections-per-address=1000000',
  '--max-frames-per-second=10000000',
  '--ping-interval=3600',
  '--log-level=warn',
]

/** Offhook as it is built, with its embedded store and a real app behind its hooks. */
export function offhook(frames: 1 | 2): Contender {
  const acked = frames === 2 ? ['ack', 'hook-publish'] : []
  return {
    name: 'offhook',
    title: frames === 2 ? 'Offhook' : 'Offhook (version 1 frames)',
    scenarios: [
      'fanout-one',
      'fanout-burst',
      'rooms',
      ...acked,
      'rest',
      'rest-batch',
      'memory',
      'cold-start',
    ],
    missing: () => (existsSync(cli) ? undefined : 'dist/cli.js is not built'),
    start: (setup) =>
      start(
        setup,
        frames === 2 ? dialectTwo(setup.channels, 'without ids') : dialectOne(setup.channels),
      ),
  }
}

/** Offhook with publishes that may be repeated, as its SDK sends them. */
export const offhookWithIds: Contender = {
  ...offhook(2),
  name: 'offhook-ids',
  title: 'Offhook, publishes with ids',
  scenarios: ['ack'],
  start: (setup) => start(setup, dialectTwo(setup.channels, 'with ids')),
}

async function start(setup: Setup, dialect: Dialect): Promise<Running> {
  const folder = makeFolder()
  const app = await startHookApp(setup.cores, channelOptions[setup.channels])
  const child = await startOffhook(setup, { folder, app })
  return {
    pid: child.pid,
    port: child.port,
    appPid: app.pid,
    startMs: child.startMs,
    dialect,
    collectGarbage: () => child.signal('SIGUSR2'),
    async stop() {
      await child.stop()
      await app.stop()
      removeFolder(folder)
    },
  }
}

function startOffhook(setup: Setup, parts: { folder: string; app: Child }): Promise<Child> {
  const args = [
    ...flags,
    `--store=level:${join(parts.folder, 'data')}`,
    `--app-url=http://127.0.0.1:${parts.app.port}/hookbox`,
    `--api-token=${apiToken}`,
  ]
  return startChild({
    ...nodeServer(cli, args, setup),
    portLine: /^Listening on http:\/\/127\.0\.0\.1:(\d+)/,
  })
}
