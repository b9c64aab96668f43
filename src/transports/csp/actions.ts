import type { IncomingMessage } from 'node:http'
import { Refusal } from '../../core/errors.ts'
import type { OriginVerdict } from '../../http/origin.ts'
import { type CspAnswer, type Exchange, plainAnswer } from './exchange.ts'
import { readPackets, safeJson } from './packets.ts'
import type { Sessions } from './sessions.ts'
import { type CspVariables, defaultVariables, varied } from './variables.ts'

/** One kind of request; `held`: the session answers when there is something to say. Throws Refusals. */
export type Action = (exchange: Exchange, verdict: OriginVerdict) => CspAnswer | 'held'

const maxEchoBytes = 1024

/** The classic client evaluates it, so it is quoted. */
const sessionNotFound = plainAnswer(404, "'Session not found'")

/** What can be asked under /csp, by name (spec/hookbox.md §7). */
export function createActions(sessions: Sessions): ReadonlyMap<string, Action> {
  function handshake(exchange: Exchange, verdict: OriginVerdict): CspAnswer {
    const variables = varied(defaultVariables, exchange.fields)
    const session = sessions.create(exchange, cookiesCount(variables, verdict))
    return wrapped(variables, { session: session.key })
  }

  function comet({ fields, request, response }: Exchange): CspAnswer | 'held' {
    const session = sessions.find(fields)
    if (session === undefined) return sessionNotFound
    const id = Math.max(readAcknowledged(fields.get('a')), lastEventId(request))
    session.vary(fields)
    session.acknowledge(id)
    session.hold(response)
    return 'held'
  }

  function send({ body, fields }: Exchange): CspAnswer {
    const session = sessions.find(fields)
    if (session === undefined) return sessionNotFound
    const packets = readPackets(body === '' ? (fields.get('d') ?? '') : body)
    const id = readAcknowledged(fields.get('a'))
    session.vary(fields)
    session.acknowledge(id)
    session.touch()
    const taken = session.receive(packets)
    if (taken === 'full') throw new Refusal('too_many_requests', 'Too many packets are waiting')
    if (taken === 'broken') throw new Refusal('invalid_body', 'Invalid UTF-8')
    return wrapped(session.variables, 'OK')
  }

  function close({ fields }: Exchange): CspAnswer {
    const session = sessions.find(fields)
    if (session === undefined) return sessionNotFound
    session.vary(fields)
    session.leave()
    return wrapped(session.variables, 'OK')
  }

  return new Map<string, Action>([
    ['handshake', handshake],
    ['comet', comet],
    ['send', send],
    ['close', close],
    ['reflect', reflect],
  ])
}

function reflect({ body, fields }: Exchange): CspAnswer {
  const echo = body === '' ? (fields.get('d') ?? '') : body
  if (Buffer.byteLength(echo) > maxEchoBytes) throw new Refusal('body_too_large')
  return plainAnswer(200, echo)
}

/** A script element is no word of the page's own origin, whatever header it sends (spec/safety.md §1). */
function cookiesCount(variables: CspVariables, verdict: OriginVerdict): 'count' | 'do not count' {
  return verdict.cookiesCount && variables.requestPrefix === '' ? 'count' : 'do not count'
}

function readAcknowledged(text: string | undefined): number {
  if (text === undefined || text === '') return 0
  if (!/^\d{1,15}$/.test(text)) throw new Refusal('invalid_field', 'Invalid a')
  return Number(text)
}

/** What an EventSource acknowledges by itself when it asks again. */
function lastEventId({ headers }: IncomingMessage): number {
  const value = headers['last-event-id']
  return typeof value === 'string' ? readAcknowledged(value) : 0
}

function wrapped(variables: CspVariables, value: unknown): CspAnswer {
  const { requestPrefix, requestSuffix, contentType } = variables
  return {
    status: 200,
    type: contentType ?? 'text/plain',
    body: `${requestPrefix}(${safeJson(value)})${requestSuffix}`,
  }
}
