import type { IncomingMessage } from 'node:http'
import { Refusal } from '../../core/errors.ts'
import type { Telemetry } from '../../core/ports.ts'
import type { Addresses } from '../address.ts'
import type { FailedLogins } from '../failed-logins.ts'
import type { Secret } from '../secret.ts'
import type { HttpSettings } from '../settings.ts'
import { doneAnswer, errorAnswer, type RestAnswer } from './answer.ts'
import { type Body, bodyKind, readFields } from './body.ts'
import type { Fields } from './fields.ts'
import { methodNamed } from './methods.ts'
import type { RestOperations } from './operations.ts'

/** What REST's doors stand on. */
export interface RestParts {
  readonly settings: Pick<HttpSettings, 'maxBodyBytes' | 'ignorePublishNonExistingChannels'>
  readonly operations: RestOperations
  /** `set_config` may change it while the door is open. */
  readonly token: Secret
  readonly failedLogins: FailedLogins
  readonly addresses: Addresses
  readonly telemetry: Telemetry
}

/** Goes with every answer of REST. */
export const restHeaders = {
  'content-type': 'application/json; charset=utf-8',
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
} as const

/** One call by HTTP: what is asked for, and the body that came with it. */
export interface HttpCall {
  readonly name: string
  readonly request: IncomingMessage
  readonly body: Body | undefined
}

/** Carries out a call. Never rejects: faults are answers too. */
export async function answerCall(parts: RestParts, call: HttpCall): Promise<RestAnswer> {
  try {
    return doneAnswer(await carryOut(parts, call))
  } catch (error) {
    return faultAnswer(error, parts)
  }
}

function carryOut(parts: RestParts, { name, request, body }: HttpCall): Promise<object> {
  if (!parts.token.isSet) throw disabled()
  const method = methodNamed(name)
  const http = request.method
  if (http !== 'GET' && http !== 'POST') throw new Refusal('http_method')
  const addressOf = (): string => parts.addresses.clientOf(request)
  const fields = readFields({
    url: request.url ?? '',
    kind: bodyKind(request.headers['content-type']),
    body,
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
  request: IncomingMessage,
  fields: Fields,
  { addressOf, parts }: { addressOf: () => string; parts: RestParts },
): void {
  const bearer = /^Bearer +(.+)$/i.exec(request.headers.authorization ?? '')?.[1]
  const given = [bearer, fields.text('security_token')].filter((text) => text !== undefined)
  if (given.some((text) => parts.token.matches(text))) return
  if (!parts.failedLogins.count(addressOf())) {
    parts.telemetry.limit('max-failed-logins')
    throw new Refusal('too_many_logins')
  }
  throw new Refusal('invalid_token')
}

function disabled(): Refusal {
  return new Refusal(
    'rest_disabled',
    'Rest api is disabled by configuration. Start Offhook with --api-token (or OFFHOOK_API_TOKEN) to enable it.',
  )
}

/** The answer to a call that failed; what is to be known of it is reported. */
export function faultAnswer(error: unknown, parts: RestParts): RestAnswer {
  if (error instanceof Refusal && error.code === 'body_too_large') {
    parts.telemetry.limit('max-body-bytes')
  }
  if (error instanceof Refusal && error.limit !== undefined) parts.telemetry.limit(error.limit)
  return errorAnswer(error, (fault) => parts.telemetry.failure('rest', fault))
}
