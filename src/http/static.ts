import { hash } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { OriginVerdict } from './origin.ts'

/** One file as it is served. */
export interface StaticFile {
  /** Content-Type. */
  readonly type: string
  readonly body: Buffer
}

/** Files by their path, fixed when the listener is made: no request path reaches the file system. */
export type StaticFiles = ReadonlyMap<string, StaticFile>

/** Short, so that an upgraded server's pages get its own script soon; a 304 then costs no body. */
const cacheControl = 'public, max-age=300'

/** Registers one route per file. `judge` decides the CORS headers (spec/safety.md §1). */
export function mountStatic(
  app: FastifyInstance,
  files: StaticFiles,
  judge: (request: FastifyRequest) => OriginVerdict,
): void {
  for (const [path, file] of files) {
    const etag = `"${hash('sha256', file.body, 'base64url').slice(0, 27)}"`
    app.route({
      method: ['GET', 'HEAD'],
      url: path,
      handler: (request, reply) => {
        reply
          .headers(judge(request).cors)
          .header('cache-control', cacheControl)
          .header('cross-origin-resource-policy', 'cross-origin')
          .header('etag', etag)
        if (isKnown(request.headers['if-none-match'], etag)) return reply.code(304).send()
        return sendFile(reply, file, request.method)
      },
    })
  }
}

function sendFile(reply: FastifyReply, file: StaticFile, method: string): FastifyReply {
  reply.header('content-type', file.type).header('content-length', file.body.length)
  return method === 'HEAD' ? reply.send() : reply.send(file.body)
}

/** Whether an If-None-Match header names the etag; weakly, as caches compare. */
function isKnown(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false
  return header
    .split(',')
    .map((item) => item.trim().replace(/^W\//, ''))
    .some((item) => item === '*' || item === etag)
}
