import { type Child, makeFolder, removeFolder, startChild } from '../processes/children.ts'
import { bareDialect, bareRest } from './bare-dialect.ts'
import type { Contender, Running, Setup } from './contender.ts'
import { startHookApp } from './hook-app.ts'
import { nodeServer, serverScript } from './node-server.ts'

/** The bare server that all are measured against. */
export const control: Contender = {
  name: 'control',
  title: 'control (bare ws)',
  scenarios: [
    'fanout-one',
    'fanout-burst',
    'rooms',
    'ack',
    'hook-publish',
    'rest',
    'rest-batch',
    'memory',
  ],
  missing: () => undefined,
  async start(setup) {
    if (setup.channels !== 'asked') return start(setup, [])
    const app = await startHookApp(setup.cores, {})
    return start(setup, ['--hook', `http://127.0.0.1:${app.port}/hookbox/publish`], app)
  },
}

/** The floor of what is durable: the control with a synced LevelDB batch before each acknowledgement. */
export const controlLevel: Contender = {
  ...control,
  name: 'control-level',
  title: 'control + LevelDB group commit',
  scenarios: ['ack'],
  async start(setup) {
    const folder = makeFolder()
    const running = await start(setup, ['--level', folder])
    return {
      ...running,
      async stop() {
        await running.stop()
        removeFolder(folder)
      },
    }
  },
}

async function start(setup: Setup, args: readonly string[], app?: Child): Promise<Running> {
  const child = await startChild(nodeServer(serverScript('control.ts'), args, setup))
  return {
    pid: child.pid,
    port: child.port,
    startMs: child.startMs,
    ...(app === undefined ? {} : { appPid: app.pid }),
    dialect: { ...bareDialect, rest: bareRest },
    collectGarbage: () => child.signal('SIGUSR2'),
    async stop() {
      await child.stop()
      await app?.stop()
    },
  }
}
