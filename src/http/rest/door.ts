import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { RestAnswer } from './answer.ts'
import { answerCall, faultAnswer, type RestParts, restHeaders } from './answer-call.ts'
import { type Body, bodyKind, readBody } from './body.ts'

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

/** Bodies of every kind reach the handler as bytes, and every fault leaves in the contract's shape. */
function prepareScope(scope: FastifyInstance, parts: RestParts): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', (_request: FastifyRequest, stream: IncomingMessage) =>
    readBody(stream, parts.settings.maxBodyBytes),
  )
  scope.addHook('onRequest', (request, _reply, done) => {
    const headers = request.raw.headers
    const kind = bodyKind(headers['content-type'])
    // Fastify refuses a Content-Type that it cannot parse; by the contract such a body is a form.
    if (kind === 'form') delete headers['content-type']
    else headers['content-type'] = kind === 'json' ? 'application/json' : 'multipart/form-data'
    done()
  })
  scope.setErrorHandler((error, _request, reply) => send(reply, faultAnswer(error, parts)))
}

async function serveCall(
  name: string,
  request: FastifyRequest,
  { reply, parts }: { reply: FastifyReply; parts: RestParts },
): Promise<FastifyReply> {
  const body = request.body as Body | undefined
  return send(reply, await answerCall(parts, { name, request: request.raw, body }))
}

function methodOf(request: FastifyRequest): string {
  return (request.params as { readonly method: string }).method
}

function send(reply: FastifyReply, answer: RestAnswer): FastifyReply {
  if (answer.status === 405) reply.header('allow', 'GET, POST')
  return reply.code(answer.status).headers(restHeaders).send(answer.body)
}
