import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Refusal } from '../../core/errors.ts'
import type { Telemetry } from '../../core/ports.ts'
import type { Addresses } from '../address.ts'
import { apiTokensOf } from '../api-token.ts'
import type { FailedLogins } from '../failed-logins.ts'
import type { Secret } from '../secret.ts'
import type { HttpSettings } from '../settings.ts'
import { doneAnswer, errorAnswer, type RestAnswer } from './answer.ts'
import { type Body, bodyKind, readFields, takeRawBodies } from './body.ts'
import type { Fields } from './fields.ts'
import { methodNamed } from './methods.ts'
import type { RestOperations } from './operations.ts'

/** What the door stands on. */
export interface RestParts {
  readonly settings: Pick<HttpSettings, 'maxBodyBytes' | 'ignorePublishNonExistingChannels'>
  readonly operations: RestOperations
  /** `set_config` may change it while the door is open. */
  readonly token: Secret
  readonly failedLogins: FailedLogins
  readonly addresses: Addresses
  readonly telemetry: Telemetry
}

/** `main`: beside the browsers' doors. `own`: on --web-api-port. */
export type RestPlace = 'main' | 'own'

const seedMethods = ['publish', 'channel_info', 'set_channel_options']

/** Registers the REST paths (spec/hookbox.md §6) in a scope of their own. */
export function mountRest(app: FastifyInstance, place: RestPlace, parts: RestParts): void {
  app.register((scope, _options, done) => {
    prepareScope(scope, parts)
    const serve = (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> =>
      serveCall(methodOf(request), request, { reply, parts })
    scope.all('/web/:method', serve)
    scope.all('/rest/:method', serve)
    if (place === 'own') scope.all('/:method', serve)
    else {
      for (const name of seedMethods) {
        scope.all(`/${name}`, (request, reply) => serveCall(name, request, { reply, parts }))
      }
    }
    done()
  })
}

/** Every fault leaves in the contract's shape. */
function prepareScope(scope: FastifyInstance, parts: RestParts): void {
  takeRawBodies(scope, parts.settings.maxBodyBytes)
  scope.setErrorHandler((error, _request, reply) => send(reply, faultAnswer(error, parts)))
}

async function serveCall(
  name: string,
  request: FastifyRequest,
  { reply, parts }: { reply: FastifyReply; parts: RestParts },
): Promise<FastifyReply> {
  try {
    return send(reply, doneAnswer(await callMethod(name, request, parts)))
  } catch (error) {
    return send(reply, faultAnswer(error, parts))
  }
}

async function callMethod(
  name: string,
  request: FastifyRequest,
  parts: RestParts,
): Promise<object> {
  if (!parts.token.isSet) throw disabled()
  const method = methodNamed(name)
  const http = request.method
  if (http !== 'GET' && http !== 'POST') throw new Refusal('http_method')
  const addressOf = (): string => parts.addresses.clientOf(request.raw)
  const fields = readFields({
    url: request.raw.url ?? '',
    kind: bodyKind(request.raw.headers['content-type']),
    body: request.body as Body | undefined,
    maxBytes: parts.settings.maxBodyBytes,
  })
  authorize(request, fields, { addressOf, parts })
  return method({
    fields,
    operations: parts.operations,
    addressOf,
    http,
    ifMissing: parts.settings.ignorePublishNonExistingChannels ? 'ignore' : 'refuse',
    report: (error) => parts.telemetry.failure('rest', error),
  })
}

/** Throws unless the token was given, as `security_token` or as a Bearer. */
function authorize(
  request: FastifyRequest,
  fields: Fields,
  { addressOf, parts }: { addressOf: () => string; parts: RestParts },
): void {
  const given = apiTokensOf(request.headers, fields)
  if (given.some((text) => parts.token.matches(text))) return
  if (!parts.failedLogins.count(addressOf())) {
    parts.telemetry.limit('max-failed-logins')
    throw new Refusal('too_many_logins')
  }
  throw new Refusal('invalid_token')
}

function methodOf(request: FastifyRequest): string {
  return (request.params as { readonly method: string }).method
}

function disabled(): Refusal {
  return new Refusal(
    'rest_disabled',
    'Rest api is disabled by configuration. Start Offhook with --api-token (or OFFHOOK_API_TOKEN) to enable it.',
  )
}

function faultAnswer(error: unknown, parts: RestParts): RestAnswer {
  if (error instanceof Refusal && error.code === 'body_too_large') {
    parts.telemetry.limit('max-body-bytes')
  }
  if (error instanceof Refusal && error.limit !== undefined) parts.telemetry.limit(error.limit)
  return errorAnswer(error, (fault) => parts.telemetry.failure('rest', fault))
}

function send(reply: FastifyReply, answer: RestAnswer): FastifyReply {
  if (answer.status === 405) reply.header('allow', 'GET, POST')
  return reply
    .code(answer.status)
    .header('content-type', 'application/json; charset=utf-8')
    .header('cache-control', 'no-store')
    .header('referrer-policy', 'no-referrer')
    .send(answer.body)
}
