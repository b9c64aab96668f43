import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply } from 'fastify'
import { Refusal } from '../core/errors.ts'
import type { Clock, Telemetry } from '../core/ports.ts'
import type { AccessLog } from './access-log.ts'
import type { Addresses } from './address.ts'
import { answerRaw } from './raw-answer.ts'
import { errorAnswer } from './rest/answer.ts'
import type { DirectDoor } from './rest/direct.ts'
import type { HttpSettings } from './settings.ts'

/** What one port's HTTP server stands on. */
export interface FrontParts {
  readonly settings: Pick<HttpSettings, 'headersTimeoutMs' | 'requestTimeoutMs' | 'maxBodyBytes'>
  readonly addresses: Addresses
  readonly telemetry: Telemetry
  readonly clock: Clock
  readonly accessLog: AccessLog | undefined
  /** How many TCP links the kernel may hand over at all. */
  readonly maxLinks: number
  /** Why a request is not even looked at. */
  readonly gate: (request: IncomingMessage) => Refusal | undefined
  /** Asked before the routes: what it serves never comes to them. */
  readonly direct?: DirectDoor
  /** Paths whose unknown ones are answered as REST does. */
  readonly isRestPath: (url: string) => boolean
}

/** One port: a node server that upgrades can be taken from, and the routes on it. */
export interface Front {
  readonly server: Server
  readonly app: FastifyInstance
  /** Ends links on which nothing was ever asked: browsers open some in advance, and a server that closes would wait. */
  closeUnused(): void
}

type ClientError = Error & { readonly code?: string }

const keepAliveTimeoutMs = 30_000

/** Makes the server and an application without routes. */
export function createFront(parts: FrontParts): Front {
  const answering = new WeakMap<Socket, ServerResponse>()
  const server = createServer(serverOptions(parts))
  const unused = watchUnused(server)
  server.maxConnections = parts.maxLinks
  const app = fastify({
    serverFactory: (handler) => {
      server.on('request', (request: IncomingMessage, response: ServerResponse) => {
        answering.set(request.socket, response)
        response.setHeader('X-Content-Type-Options', 'nosniff')
        const refusal = hostless(request) ?? parts.gate(request)
        if (refusal !== undefined) refuse(response, refusal)
        else if (!parts.direct?.(request, response)) handler(request, response)
      })
      return server
    },
    bodyLimit: parts.settings.maxBodyBytes,
    exposeHeadRoutes: false,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    routerOptions: { ignoreTrailingSlash: true, querystringParser: () => ({}) },
    clientErrorHandler: (error: ClientError, socket) => {
      const response = answering.get(socket as Socket)
      if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') {
        const hasBegun = response !== undefined && !response.writableFinished
        parts.telemetry.limit(hasBegun ? 'request-timeout' : 'headers-timeout')
      }
      answerClientError(error, socket as Socket, response)
    },
    frameworkErrors: (_error, _request, reply) => sendRestError(reply, new Refusal('invalid_body')),
  })
  setFallbacks(app, parts)
  return {
    server,
    app,
    closeUnused: () => {
      for (const socket of unused) socket.destroy()
    },
  }
}

function watchUnused(server: Server): ReadonlySet<Socket> {
  const unused = new Set<Socket>()
  const used = (request: IncomingMessage): void => void unused.delete(request.socket)
  server.on('connection', (socket) => {
    unused.add(socket)
    socket.once('close', () => unused.delete(socket))
  })
  server.on('request', used)
  server.on('upgrade', used)
  return unused
}

function serverOptions(parts: FrontParts): Parameters<typeof createServer>[0] {
  const { headersTimeoutMs, requestTimeoutMs } = parts.settings
  return {
    headersTimeout: Math.min(headersTimeoutMs, requestTimeoutMs),
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    // Late by a tenth at most: Node looks for late requests this often.
    connectionsCheckingInterval: Math.max(10, Math.min(1000, Math.floor(headersTimeoutMs / 10))),
    // Node's own answer to such a request would lack our headers.
    requireHostHeader: false,
    // Java's client offers h2c with each plain request: those are answered, not upgraded.
    shouldUpgradeCallback: (request) => request.headers.upgrade?.toLowerCase() === 'websocket',
  }
}

/** RFC 9112 §3.2. */
function hostless(request: IncomingMessage): Refusal | undefined {
  if (request.headers.host !== undefined || request.httpVersion === '1.0') return undefined
  return new Refusal('invalid_body', 'Missing Host header')
}

function refuse(response: ServerResponse, refusal: Refusal): void {
  response.writeHead(refusal.status, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Cache-Control': 'no-store',
    Connection: 'close',
    ...(refusal.retry ? { 'Retry-After': '5' } : {}),
  })
  response.end(refusal.message)
}

/** What never became a request: too slow, too long, no HTTP. */
function answerClientError(
  error: ClientError,
  socket: Socket,
  response: ServerResponse | undefined,
): void {
  const isHalfAnswered = response?.headersSent === true && !response.writableFinished
  if (error.code === 'ECONNRESET' || !socket.writable || isHalfAnswered) {
    socket.destroy()
    return
  }
  const [status, msg] = clientErrorText(error.code)
  const body = `[false,${JSON.stringify({ msg })}]`
  answerRaw(socket, { status, type: 'application/json; charset=utf-8', body })
}

function clientErrorText(code: string | undefined): [status: number, text: string] {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return [408, 'Request not finished in time']
  if (code === 'HPE_HEADER_OVERFLOW') return [431, 'Headers too large']
  return [400, 'Invalid request']
}

function setFallbacks(app: FastifyInstance, parts: FrontParts): void {
  app.setNotFoundHandler((request, reply) => {
    if (parts.isRestPath(request.url)) return sendRestError(reply, new Refusal('method_missing'))
    return reply.code(404).type('text/plain; charset=utf-8').send('Not found')
  })
  app.setErrorHandler((error: FastifyError, _request, reply) => {
    const status = error.statusCode ?? 500
    if (status >= 500) parts.telemetry.failure('http', error)
    return reply
      .code(status)
      .type('text/plain; charset=utf-8')
      .send(status < 500 ? 'Invalid request' : 'internal error')
  })
  const { accessLog } = parts
  if (accessLog === undefined) return
  app.addHook('onResponse', (request, reply, done) => {
    accessLog({
      method: request.method,
      path: pathOf(request.url),
      status: reply.statusCode,
      bytes: Number(reply.getHeader('content-length') ?? 0),
      ms: Math.round(reply.elapsedTime),
      address: parts.addresses.clientOf(request.raw),
    })
    done()
  })
}

/** The path of a request target: queries may hold secrets. */
export function pathOf(url: string): string {
  return url.split('?', 1)[0] ?? ''
}

function sendRestError(reply: FastifyReply, refusal: Refusal): FastifyReply {
  const { body } = errorAnswer(refusal, () => {})
  return reply
    .code(refusal.status)
    .type('application/json; charset=utf-8')
    .header('cache-control', 'no-store')
    .header('referrer-policy', 'no-referrer')
    .send(body)
}
