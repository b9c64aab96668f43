import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Refusal } from '../../core/errors.ts'
import type { MessageStyle } from '../../protocols/talk/message-of.ts'
import { pathOf } from '../front.ts'
import { type Body, bodyKind, readFields, takeRawBodies } from '../rest/body.ts'
import { type DeniedStatus, notDone } from './answer.ts'
import type { TalkAnswer, TalkParts } from './call.ts'
import { sendPage } from './page.ts'
import { type Route, routeOf } from './routes.ts'

/** A request with what is needed to answer it. */
interface Exchange {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly parts: TalkParts
  readonly style: MessageStyle
}

const paths = ['/talk', '/talk/*', '/api/chat']

/** Tokens come in a header or the query, never as cookies: so any page may call, without credentials. */
const cors = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET, POST, OPTIONS',
  'access-control-allow-headers': 'Authorization, Authentication, Content-Type',
  'access-control-max-age': '600',
} as const

/** Registers the paths of spec/hipochat.md §3 and §4 in a scope of their own. */
export function mountTalk(app: FastifyInstance, parts: TalkParts): void {
  const { talkCompat: compat, talkRegularType: regularType } = parts.settings
  const style = { compat, regularType }
  app.register((scope, _options, registered) => {
    takeRawBodies(scope, parts.settings.maxBodyBytes)
    scope.setErrorHandler((error, _request, reply) =>
      send(reply, notDone(error, 400, parts.telemetry)),
    )
    for (const path of paths) {
      scope.all(path, (request, reply) => serve({ request, reply, parts, style }))
    }
    registered()
  })
}

async function serve(exchange: Exchange): Promise<FastifyReply> {
  const { request, reply, parts } = exchange
  let denied: DeniedStatus = 400
  try {
    if (request.method === 'OPTIONS') return reply.code(204).headers(cors).send()
    const path = pathOf(request.raw.url ?? '')
    if (/^\/talk\/?$/.test(path)) return sendPage(request, reply)
    const route = routeOf(path)
    if (route === undefined) return send(reply, { status: 404, body: '{"error":"Not found"}' })
    denied = route.endpoint.denied
    return send(reply, await answer(route, exchange))
  } catch (error) {
    return send(reply, notDone(error, denied, parts.telemetry))
  }
}

async function answer({ endpoint, rooms }: Route, exchange: Exchange): Promise<TalkAnswer> {
  const { request, parts, style } = exchange
  const { http, act } = endpoint
  if (request.method !== http) return wrongMethod(http)
  const { maxBodyBytes: maxBytes } = parts.settings
  return act({
    parts,
    style,
    rooms,
    room: rooms[0] ?? '',
    headers: request.headers,
    query: readFields({ url: request.raw.url ?? '', kind: 'form', body: undefined, maxBytes }),
    kind: bodyKind(request.raw.headers['content-type']),
    body: request.body as Body | undefined,
    address: parts.addresses.clientOf(request.raw),
  })
}

function wrongMethod(http: 'GET' | 'POST'): TalkAnswer {
  const { status } = new Refusal('http_method')
  return { status, body: `{"error":"Use ${http}"}`, headers: { allow: `${http}, OPTIONS` } }
}

function send(reply: FastifyReply, { status, body, headers = {} }: TalkAnswer): FastifyReply {
  return reply
    .code(status)
    .headers(cors)
    .header('content-type', 'application/json; charset=utf-8')
    .header('cache-control', 'no-store')
    .header('referrer-policy', 'no-referrer')
    .headers(headers)
    .send(body)
}
