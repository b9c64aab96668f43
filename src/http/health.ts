import type { FastifyInstance } from 'fastify'
import type { Clock } from '../core/ports.ts'

/** What `/health/ready` asks. */
export interface HealthParts {
  /** Reason codes why this node is not ready, none = ready. A rejection counts as `check_failed`. */
  readonly check: () => Promise<readonly string[]>
  readonly isDraining: () => boolean
  readonly clock: Clock
}

const deadlineMs = 2000

/** Registers `/health/live` and `/health/ready`. They tell reason codes only: anybody may ask. */
export function mountHealth(app: FastifyInstance, parts: HealthParts): void {
  const reasons = createReadiness(parts)
  app.route({
    method: ['GET', 'HEAD'],
    url: '/health/live',
    handler: (_request, reply) =>
      reply.header('cache-control', 'no-store').send({ status: 'live' }),
  })
  app.route({
    method: ['GET', 'HEAD'],
    url: '/health/ready',
    handler: async (_request, reply) => {
      const found = await reasons()
      reply.header('cache-control', 'no-store')
      if (found.length === 0) return reply.send({ status: 'ready' })
      return reply.code(503).send({ status: 'not_ready', reasons: found })
    },
  })
}

/** One check at a time, however many ask: a flood of requests must not become a flood of store writes. */
function createReadiness(parts: HealthParts): () => Promise<readonly string[]> {
  let running: Promise<readonly string[]> | undefined

  function check(): Promise<readonly string[]> {
    running ??= Promise.resolve()
      .then(parts.check)
      .catch(() => ['check_failed'])
      .finally(() => {
        running = undefined
      })
    return running
  }

  return async () => {
    if (parts.isDraining()) return ['draining']
    let cancel = (): void => {}
    const late = new Promise<readonly string[]>((resolve) => {
      cancel = parts.clock.after(deadlineMs, () => resolve(['check_timeout']))
    })
    try {
      return await Promise.race([check(), late])
    } finally {
      cancel()
    }
  }
}
