import type { IncomingMessage, ServerResponse } from 'node:http'

const maxBodyBytes = 512 * 1024

/** One request with its answer. */
export interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly url: URL
}

/** A request that gets this status and this text instead of what it wanted. */
export class HttpError extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** The whole body as text. Throws HttpError 413. */
export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > maxBodyBytes) throw new HttpError(413, 'Too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

/** Throws HttpError 403 unless the request comes from a page of this very app: other sites cannot forge `Origin`. */
export function requireOwnPage(request: IncomingMessage): void {
  const origin = request.headers.origin
  if (origin !== `http://${request.headers.host}`) throw new HttpError(403, 'Not from this page')
}

/** Answers with JSON. */
export function sendJson(exchange: Exchange, value: unknown): void {
  exchange.response.setHeader('content-type', 'application/json')
  exchange.response.setHeader('cache-control', 'no-store')
  exchange.response.end(JSON.stringify(value))
}

/** Sends the browser to another page of this app, with GET. */
export function redirect(exchange: Exchange, path: string): void {
  exchange.response.writeHead(303, { location: path }).end()
}
