import type { IncomingMessage, ServerResponse } from 'node:http'
import { Refusal } from '../core/errors.ts'
import type { Telemetry } from '../core/ports.ts'
import type { OriginRequest, OriginVerdict } from '../http/origin.ts'
import { createActions } from './csp/actions.ts'
import {
  type CspAnswer,
  plainAnswer,
  preflightAnswer,
  readFields,
  readText,
  sendAnswer,
  sendRefusal,
  setHeaders,
} from './csp/exchange.ts'
import { noticed, Sessions, type SessionsParts } from './csp/sessions.ts'

/** What the transport stands on. */
export interface CspParts extends SessionsParts {
  readonly judge: (request: OriginRequest) => OriginVerdict
}

/** The comet transport (spec/hookbox.md §7) on requests under /csp that the listener hands over. */
export interface CspTransport {
  /** Answers one request, now or when there is something to say. `action`: what follows `/csp/`. Never rejects. */
  serve(action: string, request: IncomingMessage, response: ServerResponse): Promise<void>
  /** Ends all sessions without ceremony. */
  close(): void
}

const minBodyBytes = 262_144
/** Escapes and base64 make a frame's packet longer than the frame. */
const bodyBytesPerFrameByte = 4

/** Makes the transport; its timers run while there are sessions. */
export function createCspTransport(parts: CspParts): CspTransport {
  const sessions = new Sessions(parts)
  const actions = createActions(sessions)
  const maxBodyBytes = Math.max(minBodyBytes, bodyBytesPerFrameByte * parts.settings.maxFrameBytes)

  function open(name: string, request: IncomingMessage, response: ServerResponse): OriginVerdict {
    const verdict = parts.judge({
      door: name === 'handshake' ? 'csp-handshake' : 'csp',
      headers: request.headers,
      scheme: parts.addresses.schemeOf(request),
    })
    setHeaders(response, verdict.cors)
    const refusal = admitLink(request, parts)
    if (refusal !== undefined) response.setHeader('Connection', 'close')
    if (!verdict.allowed) throw new Refusal('unauthorized', 'Origin not allowed (--allow-origin)')
    if (refusal !== undefined && name === 'handshake') throw refusal
    return verdict
  }

  async function answer(
    name: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<CspAnswer | 'held'> {
    const verdict = open(name, request, response)
    const action = actions.get(name)
    if (action === undefined) return plainAnswer(404, 'Not found')
    if (request.method === 'OPTIONS') return preflightAnswer(response)
    if (request.method !== 'GET' && request.method !== 'POST') throw new Refusal('http_method')
    const fields = readFields(request)
    const body = await readText(request, maxBodyBytes)
    return action({ request, response, fields, body }, verdict)
  }

  return {
    async serve(name, request, response) {
      response.once('finish', () => {
        // A listener that closes would wait for a kept link until the browser lets it go.
        if (parts.isDraining()) request.socket.end()
      })
      try {
        const answered = await answer(name, request, response)
        if (answered !== 'held') sendAnswer(response, answered)
      } catch (error) {
        answerFault(error, response, parts.telemetry)
      }
    },
    close: () => sessions.close(),
  }
}

/** A known session is served on a link that found no room, so that full servers do not lose those who are in. */
function admitLink(request: IncomingMessage, parts: CspParts): Refusal | undefined {
  const peer = request.socket.remoteAddress ?? ''
  const address = parts.addresses.isProxy(peer) ? undefined : peer
  const refusal = parts.caps.admit(request.socket, address)
  return refusal === undefined ? undefined : noticed(refusal, parts.telemetry)
}

function answerFault(error: unknown, response: ServerResponse, telemetry: Telemetry): void {
  const refusal = error instanceof Refusal ? error : new Refusal('internal')
  if (!(error instanceof Refusal)) telemetry.failure('csp', error)
  if (refusal.code === 'body_too_large') telemetry.limit('max-frame-bytes')
  if (response.headersSent) response.destroy()
  else sendRefusal(response, refusal)
}
