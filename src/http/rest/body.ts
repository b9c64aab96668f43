import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Refusal } from '../../core/errors.ts'
import { InvalidJson, maxJsonDepth, parseJson } from '../../core/json.ts'
import { Fields } from './fields.ts'
import { parseForm, queryBytes, utf8Text } from './form.ts'

/** What a Content-Type makes of a body: what is neither JSON nor multipart is a form, whatever it says. */
export type BodyKind = 'json' | 'form' | 'multipart'

/** A body that was read, or the fact that it was too large. */
export type Body = Buffer | 'too_large'

/** Kind of a body by its Content-Type header. */
export function bodyKind(contentType: string | undefined): BodyKind {
  const type = (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
  if (type === 'application/json' || type.endsWith('+json')) return 'json'
  return type.startsWith('multipart/') ? 'multipart' : 'form'
}

/** Lets bodies of every kind reach the handlers of a scope as bytes; `bodyKind` then says what they are. */
export function takeRawBodies(scope: FastifyInstance, maxBytes: number): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', (_request: FastifyRequest, stream: IncomingMessage) =>
    readBody(stream, maxBytes),
  )
  scope.addHook('onRequest', (request, _reply, done) => {
    const headers = request.raw.headers
    const kind = bodyKind(headers['content-type'])
    // Fastify refuses a Content-Type that it cannot parse; by the contract such a body is a form.
    if (kind === 'form') delete headers['content-type']
    else headers['content-type'] = kind === 'json' ? 'application/json' : 'multipart/form-data'
    done()
  })
}

/**
 * Reads a body up to `limit` bytes. What is too large is still taken in and dropped (the request's time limit ends
 * it): closing at once would reset the link before the caller could read the answer.
 */
export function readBody(stream: Readable, limit: number): Promise<Body> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const take = (chunk: Buffer): void => {
      size += chunk.length
      if (size <= limit) {
        chunks.push(chunk)
        return
      }
      stream.off('data', take)
      stream.resume()
      resolve('too_large')
    }
    stream.on('data', take)
    stream.once('end', () => resolve(Buffer.concat(chunks)))
    // Nobody is left to read the answer; it only must not count as a fault of ours.
    const endedEarly = (cause?: Error): void => {
      if (!stream.readableEnded) reject(new Refusal('invalid_body', 'Ended early', { cause }))
    }
    stream.once('error', endedEarly)
    stream.once('close', endedEarly)
  })
}

/** All fields of a call. Throws Refusals for what cannot be read. */
export function readFields(request: {
  readonly url: string
  readonly kind: BodyKind
  readonly body: Body | undefined
  readonly maxBytes: number
}): Fields {
  const { body, maxBytes } = request
  if (body === 'too_large') throw new Refusal('body_too_large')
  const fields = new Fields(maxBytes)
  addForm(fields, queryBytes(request.url))
  if (body === undefined || body.length === 0) return fields
  if (request.kind === 'json') addJson(fields, utf8Text(body), maxBytes)
  else if (request.kind === 'form') addForm(fields, body)
  else throw new Refusal('invalid_body', 'Send an urlencoded form or JSON, not multipart')
  return fields
}

function addForm(fields: Fields, bytes: Buffer): void {
  for (const [name, text] of parseForm(bytes)) fields.add(name, { from: 'form', text })
}

function addJson(fields: Fields, text: string, maxBytes: number): void {
  for (const [name, value] of Object.entries(parseObject(text, maxBytes))) {
    fields.add(name, { from: 'json', value })
  }
}

/** The object of a JSON body, one level deeper than a payload. Throws Refusal `invalid_body`. */
export function parseObject(text: string, maxBytes: number): object {
  let value: unknown
  try {
    value = parseJson(text, { bytes: maxBytes, depth: maxJsonDepth + 1 })
  } catch (error) {
    if (!(error instanceof InvalidJson)) throw error
    throw new Refusal('invalid_body', `Invalid json (${error.message})`, { cause: error })
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw new Refusal('invalid_body', 'Invalid json (not an object)')
}
