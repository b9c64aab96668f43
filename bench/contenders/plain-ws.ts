import { startChild } from '../processes/children.ts'
import { bareDialect } from './bare-dialect.ts'
import type { Contender } from './contender.ts'
import { nodeServer, serverScript } from './node-server.ts'

/** `ws` with a loop of send(). */
export const plainWs: Contender = {
  name: 'plain-ws',
  title: 'ws with a send() loop',
  scenarios: ['fanout-one', 'fanout-burst', 'rooms', 'ack', 'memory'],
  missing: () => undefined,
  async start(setup) {
    const child = await startChild(nodeServer(serverScript('plain-ws.ts'), [], setup))
    return {
      pid: child.pid,
      port: child.port,
      startMs: child.startMs,
      dialect: bareDialect,
      collectGarbage: () => child.signal('SIGUSR2'),
      stop: () => child.stop(),
    }
  },
}
