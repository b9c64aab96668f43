import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../../core/ports.ts'
import type { AccessLog } from '../access-log.ts'
import type { RestAnswer } from './answer.ts'
import { answerCall, faultAnswer, type RestParts, restHeaders } from './answer-call.ts'
import { readBody } from './body.ts'

/** Serves a request, or answers false: then somebody else must. */
export type DirectDoor = (request: IncomingMessage, response: ServerResponse) => boolean

/** What the direct door stands on. */
export interface DirectParts extends RestParts {
  readonly clock: Clock
  readonly accessLog: AccessLog | undefined
  readonly isDraining: () => boolean
}

/** As most apps call: no query, nothing to decode. */
const plainPath = /^\/(?:web|rest)\/([a-z_]+)$/

/**
 * REST's short way: a plain POST is served without the framework, whose routing, parsing and replying cost more than
 * they are worth here. All that is out of the ordinary takes the long way (door.ts) to the same answers.
 */
export function createDirectDoor(parts: DirectParts): DirectDoor {
  return (request, response) => {
    const path = request.url ?? ''
    const name = request.method === 'POST' ? plainPath.exec(path)?.[1] : undefined
    if (name === undefined) return false
    noteAccess(parts, request, response)
    void serve(parts, name, { request, response })
    return true
  }
}

async function serve(
  parts: DirectParts,
  name: string,
  { request, response }: { request: IncomingMessage; response: ServerResponse },
): Promise<void> {
  let answer: RestAnswer
  try {
    const body = await readBody(request, parts.settings.maxBodyBytes)
    answer = await answerCall(parts, { name, request, body })
  } catch (error) {
    answer = faultAnswer(error, parts)
  }
  const { status, body } = answer
  // A server that closes waits for every link.
  if (parts.isDraining()) response.setHeader('connection', 'close')
  response.writeHead(status, { ...restHeaders, 'content-length': Buffer.byteLength(body) })
  response.end(body)
}

function noteAccess(
  { accessLog, clock, addresses }: DirectParts,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  if (accessLog === undefined) return
  const began = clock.now()
  response.once('finish', () =>
    accessLog({
      method: 'POST',
      path: request.url ?? '',
      status: response.statusCode,
      bytes: Number(response.getHeader('content-length') ?? 0),
      ms: clock.now() - began,
      address: addresses.clientOf(request),
    }),
  )
}
