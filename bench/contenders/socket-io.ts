import { createRequire } from 'node:module'
import { startChild } from '../processes/children.ts'
import type { Contender, Dialect } from './contender.ts'
import { nodeServer, serverScript } from './node-server.ts'

const path = '/socket.io/?EIO=4&transport=websocket'
const opened = [{ await: '0{' }, { send: '40', await: '40{' }]

const dialect: Dialect = {
  subscriber: (channel) => ({
    path,
    steps: [...opened, { send: `420["subscribe","${channel}"]`, await: '430[' }],
  }),
  publisher: () => ({ path, steps: opened }),
  publish: (channel, payload) => `42["publish","${channel}",${payload}]`,
  acked: (channel, payload) => `421["publish","${channel}",${payload}]`,
  ackMarker: '"done"',
}

/** Socket.IO. */
export const socketIo: Contender = {
  name: 'socket.io',
  title: 'Socket.IO',
  scenarios: ['fanout-one', 'fanout-burst', 'rooms', 'ack', 'memory', 'cold-start'],
  missing() {
    try {
      createRequire(import.meta.url).resolve('socket.io')
      return undefined
    } catch {
      return 'socket.io is not installed in bench/'
    }
  },
  async start(setup) {
    const child = await startChild(nodeServer(serverScript('socket-io.mjs'), [], setup))
    return {
      pid: child.pid,
      port: child.port,
      startMs: child.startMs,
      dialect,
      collectGarbage: () => child.signal('SIGUSR2'),
      stop: () => child.stop(),
    }
  },
}
