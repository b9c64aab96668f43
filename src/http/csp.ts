import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { CspTransport } from '../transports/csp.ts'

/** Hands requests under /csp to their transport, before a body is read or a Content-Type is judged. */
export function mountCsp(app: FastifyInstance, csp: CspTransport): void {
  app.register((scope, _options, done) => {
    scope.addHook('onRequest', async (request, reply) => {
      reply.hijack()
      await csp.serve(actionOf(request), request.raw, reply.raw)
    })
    scope.all('/csp/:action', () => {})
    done()
  })
}

function actionOf(request: FastifyRequest): string {
  return (request.params as { readonly action: string }).action
}
