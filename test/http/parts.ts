import { connect, type Socket } from 'node:net'
import { Refusal } from '../../src/core/errors.ts'
import type { Clock, Telemetry } from '../../src/core/ports.ts'
import type { AccessRecord } from '../../src/http/access-log.ts'
import {
  type Bound,
  createListener,
  type Listener,
  type ListenerParts,
} from '../../src/http/listener.ts'
import type { RestOperations } from '../../src/http/rest/operations.ts'
import type { HttpSettings } from '../../src/http/settings.ts'
import type { StaticFile } from '../../src/http/static.ts'
import type { ConnectionDoor } from '../../src/transports/door.ts'

/** Real time, as the server has it. */
const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms).unref()
    return () => clearTimeout(timer)
  },
  endOfTurn: (run) => void setImmediate(run),
}

/** Time that stands still until it is told to go on. */
export class FakeClock implements Clock {
  #now = 1_000_000
  #timers = new Set<{ due: number; run: () => void }>()

  now(): number {
    return this.#now
  }

  after(ms: number, run: () => void): () => void {
    const timer = { due: this.#now + ms, run }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  endOfTurn(run: () => void): void {
    queueMicrotask(run)
  }

  /** Runs what is due, in order. */
  advance(ms: number): void {
    const end = this.#now + ms
    for (;;) {
      const next = [...this.#timers]
        .filter(({ due }) => due <= end)
        .sort((a, b) => a.due - b.due)[0]
      if (next === undefined) break
      this.#timers.delete(next)
      this.#now = next.due
      next.run()
    }
    this.#now = end
  }
}

/** Telemetry that remembers. */
export class Memo implements Telemetry {
  readonly failures: { stage: string; error: unknown }[] = []
  readonly limits: string[] = []
  readonly events: { name: string; context: unknown }[] = []

  failure(stage: string, error: unknown): void {
    this.failures.push({ stage, error })
  }

  limit(limit: string): void {
    this.limits.push(limit)
  }

  event(name: string, context?: unknown): void {
    this.events.push({ name, context })
  }
}

/** What a fake operation was asked. */
type Asked = { operation: string; command: unknown }

type Answers = { [K in keyof RestOperations]?: (command: never) => unknown }

/** Operations that note what they are asked and answer as told (default: an empty object). */
function noteOperations(asked: Asked[], answers: Answers = {}): RestOperations {
  return new Proxy({} as RestOperations, {
    get: (_target, operation: string) => async (command: unknown) => {
      asked.push({ operation, command })
      const answer = answers[operation as keyof RestOperations]
      return answer === undefined ? {} : await answer(command as never)
    },
  })
}

/** Settings with the defaults of the configuration, on a free port of the loopback. */
const defaultSettings: HttpSettings = {
  port: 0,
  interface: '127.0.0.1',
  webApiPort: null,
  webApiInterface: '',
  apiToken: 'right',
  allowOrigin: [],
  ownOrigin: [],
  publicUrl: [],
  hookOrigins: [],
  trustProxy: ['127.0.0.0/8', '::1/128'],
  maxConnections: 1000,
  maxConnectionsPerAddress: 1000,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  maxBodyBytes: 1_048_576,
  maxFrameBytes: 65_536,
  maxWaitingBytes: 1_048_576,
  frameTimeoutMs: 10_000,
  pingIntervalMs: 25_000,
  pingTimeoutMs: 20_000,
  connectTimeoutMs: 10_000,
  maxFailedLogins: 20,
  maxHooksWaiting: 10_000,
  maxSnapshotBytes: 4_194_304,
  ignorePublishNonExistingChannels: false,
  compress: false,
}

/** A listener under test and what it told. */
export interface Started {
  readonly listener: Listener
  readonly bound: Bound & { readonly webApi?: Bound }
  readonly url: string
  readonly port: number
  readonly asked: Asked[]
  readonly telemetry: Memo
  readonly access: AccessRecord[]
}

/** Nobody may come in. */
const closedDoor: ConnectionDoor = {
  admits: () => new Refusal('server_full'),
  accept: () => {
    throw new Refusal('server_full')
  },
}

/** Starts a listener with fakes on its far side. */
export async function start(options: {
  settings?: Partial<HttpSettings>
  answers?: Answers
  door?: ConnectionDoor
  talk?: ListenerParts['talk']
  ready?: () => Promise<readonly string[]>
  files?: ReadonlyMap<string, StaticFile>
  clock?: Clock
}): Promise<Started> {
  const asked: Asked[] = []
  const telemetry = new Memo()
  const access: AccessRecord[] = []
  const listener = createListener({
    settings: { ...defaultSettings, ...options.settings },
    operations: noteOperations(asked, options.answers),
    door: options.door ?? closedDoor,
    ...(options.talk === undefined ? {} : { talk: options.talk }),
    ready: options.ready ?? (async () => []),
    files: options.files ?? new Map(),
    clock: options.clock ?? systemClock,
    telemetry,
    accessLog: (record) => access.push(record),
  })
  const bound = await listener.listen()
  const { port } = bound
  return { listener, bound, url: `http://127.0.0.1:${port}`, port, asked, telemetry, access }
}

/** Writes raw bytes and resolves with all that comes back until the link ends. */
export function exchange(port: number, bytes: string | Buffer): Promise<string> {
  return new Promise((resolve) => {
    let received = ''
    const socket: Socket = connect(port, '127.0.0.1', () => socket.write(bytes))
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1')
    })
    socket.on('error', () => socket.destroy())
    socket.on('close', () => resolve(received))
  })
}
