import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { Inbox } from './inbox.ts'

/** The form fields that a hook may carry (spec/hookbox.md §5), and those of a polling form. */
export interface HookForm {
  action?: string
  secret?: string
  conn_id?: string
  payload?: string
  channel_name?: string
  destination?: string
  user?: string
  originator?: string
  sender?: string
  recipient?: string
  recipient_exists?: string
  name?: string
  channels?: string
}

/** One request that the app got. */
export interface HookCall {
  readonly action: string
  readonly form: HookForm
  /** The body's fields in order, repeats included. */
  readonly fields: readonly (readonly [string, string])[]
  readonly headers: IncomingHttpHeaders
  readonly method: string
  /** Path and query as they stood in the request line. */
  readonly path: string
  readonly body: string
}

/** An answer that is not a well-behaved `[bool, object]`. `hang`: never answered. */
export interface RawAnswer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string | string[]>>
  readonly body?: string | Buffer
  readonly hang?: true
}

/** What a handler gives: a JSON list sent with status 200, or anything at all. */
export type Answer = readonly unknown[] | RawAnswer
export type Handler = (call: HookCall) => Answer | Promise<Answer>

/** A real web app on its own port that answers hooks as the test says and remembers every request. */
export interface TestApp {
  readonly port: number
  readonly origin: string
  readonly calls: Inbox<HookCall>
  /** Options that `create_channel` answers with, by channel. */
  readonly channels: Map<string, Record<string, unknown>>
  /** The `connect` hook's answer object besides `name`, by user. */
  readonly users: Map<string, Record<string, unknown>>
  on(action: string, handler: Handler): void
  answer(action: string, answer: Answer): void
  /** Answers requests to this path instead of the hooks (polling targets). */
  route(path: string, handler: Handler): void
  /** Next call of this hook that no test has looked at. */
  next(action: string): Promise<HookCall>
  count(action: string): number
  all(action: string): HookCall[]
  /** Holds every call of the hook until `release` is called. */
  hold(action: string): { release(answer?: Answer): void }
  close(): Promise<void>
}

const allow: Answer = [true, {}]

/** Starts the app. By default it allows everything and names users by the cookie `user=NAME`. */
export async function startApp(port = 0): Promise<TestApp> {
  const calls = new Inbox<HookCall>((call) => `${call.method} ${call.path} ${call.body}`)
  const handlers = new Map<string, Handler>()
  const routes = new Map<string, Handler>()
  const channels = new Map<string, Record<string, unknown>>()
  const users = new Map<string, Record<string, unknown>>()
  handlers.set('connect', (call) => {
    const name = cookieOf(call, 'user')
    return [true, name === undefined ? {} : { name, ...users.get(name) }]
  })
  handlers.set('create_channel', (call) => [true, channels.get(call.form.channel_name ?? '') ?? {}])

  const server = createServer((request, response) => {
    void readCall(request).then(async (call) => {
      calls.push(call)
      const path = call.path.split('?')[0] ?? ''
      const handler = routes.get(path) ?? handlers.get(call.action) ?? (() => allow)
      send(response, await handler(call))
    })
  })
  server.keepAliveTimeout = 60_000
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const { port: bound } = server.address() as AddressInfo

  return {
    port: bound,
    origin: `http://127.0.0.1:${bound}`,
    calls,
    channels,
    users,
    on: (action, handler) => void handlers.set(action, handler),
    answer: (action, answer) => void handlers.set(action, () => answer),
    route: (path, handler) => void routes.set(path, handler),
    next: (action) => calls.next(`hook ${action}`, (call) => call.action === action),
    count: (action) => calls.all.filter((call) => call.action === action).length,
    all: (action) => calls.all.filter((call) => call.action === action),
    hold(action) {
      const before = handlers.get(action) ?? (() => allow)
      const gate = Promise.withResolvers<Answer | undefined>()
      handlers.set(action, async (call) => (await gate.promise) ?? before(call))
      return {
        release(answer) {
          handlers.set(action, before)
          gate.resolve(answer)
        },
      }
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Value of one cookie of a hook's Cookie header. */
function cookieOf(call: HookCall, name: string): string | undefined {
  for (const part of (call.headers.cookie ?? '').split(';')) {
    const [key, value] = part.trim().split('=')
    if (key === name) return value
  }
  return undefined
}

async function readCall(request: IncomingMessage): Promise<HookCall> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const body = Buffer.concat(chunks).toString('utf8')
  const fields = [...new URLSearchParams(body)]
  const form = Object.fromEntries(fields) as HookForm
  return {
    action: form.action ?? '',
    form,
    fields,
    headers: request.headers,
    method: request.method ?? '',
    path: request.url ?? '',
    body,
  }
}

function send(response: ServerResponse, answer: Answer): void {
  if (response.destroyed) return
  if (isList(answer)) {
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer))
    return
  }
  if (answer.hang) return
  response.writeHead(answer.status ?? 200, answer.headers ?? {}).end(answer.body ?? '')
}

function isList(answer: Answer): answer is readonly unknown[] {
  return Array.isArray(answer)
}
