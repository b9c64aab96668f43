import type { IncomingMessage, ServerResponse } from 'node:http'
import { Refusal } from '../../core/errors.ts'
import { readBody } from '../../http/rest/body.ts'
import { parseForm, queryBytes, utf8Text } from '../../http/rest/form.ts'

/** One request and where its answer goes. */
export interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Of the query; each given once. */
  readonly fields: ReadonlyMap<string, string>
  /** The raw body of a POST, '' for a GET. */
  readonly body: string
}

/** What an answer says. */
export interface CspAnswer {
  readonly status: number
  readonly type: string
  readonly body: string
}

/** A plain word of the transport itself. */
export function plainAnswer(status: number, body: string): CspAnswer {
  return { status, type: 'text/plain', body }
}

/** Headers of every answer under /csp (spec/safety.md §8); `cors` by the origin. */
export function setHeaders(response: ServerResponse, cors: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(cors)) response.setHeader(name, value)
  response.setHeader('Cache-Control', 'no-store')
  response.setHeader('Content-Security-Policy', "default-src 'none'; sandbox")
  // nginx would hold a stream back until it has a page of it.
  response.setHeader('X-Accel-Buffering', 'no')
}

/** Sends an answer as a whole; CORS and safety headers are set already. */
export function sendAnswer(response: ServerResponse, answer: CspAnswer): void {
  const body = Buffer.from(answer.body)
  response.writeHead(answer.status, {
    'Content-Type': `${answer.type}; charset=utf-8`,
    'Content-Length': body.length,
  })
  response.end(body)
}

/** Sends why not. */
export function sendRefusal(response: ServerResponse, refusal: Refusal): void {
  if (refusal.code === 'http_method') response.setHeader('Allow', 'GET, POST, OPTIONS')
  if (refusal.retry || refusal.status === 429) response.setHeader('Retry-After', '5')
  sendAnswer(response, plainAnswer(refusal.status, refusal.message))
}

/** Leave for a page of another origin to send what is not a simple request. */
export function preflightAnswer(response: ServerResponse): CspAnswer {
  response.setHeader('Access-Control-Allow-Methods', 'GET, POST')
  response.setHeader('Access-Control-Allow-Headers', 'Content-Type, Last-Event-ID, Cache-Control')
  response.setHeader('Access-Control-Max-Age', '600')
  return plainAnswer(200, '')
}

/** The query's fields. Throws Refusals for broken escapes and for a field given twice. */
export function readFields(request: IncomingMessage): Map<string, string> {
  const fields = new Map<string, string>()
  for (const [name, text] of parseForm(queryBytes(request.url ?? ''))) {
    if (fields.has(name)) throw new Refusal('repeated_field', `Field given twice: ${named(name)}`)
    fields.set(name, text)
  }
  return fields
}

/** Names of ours are told; those of others are not repeated. */
function named(name: string): string {
  return /^[a-z]{1,2}$/.test(name) ? name : 'unknown'
}

/** The body as text. Throws Refusals for one that is too large, ends early or is no UTF-8. */
export async function readText(request: IncomingMessage, maxBytes: number): Promise<string> {
  if (request.method !== 'POST') return ''
  const body = await readBody(request, maxBytes)
  if (body === 'too_large') throw new Refusal('body_too_large')
  return utf8Text(body)
}
