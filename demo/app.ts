import { createServer, type Server } from 'node:http'
import type { Demo, DemoSettings, Route } from './demo.ts'
import { type Exchange, HttpError, requireOwnPage } from './exchange.ts'
import { createHooks } from './hooks.ts'
import { createOffhook } from './offhook.ts'
import { routeOfOffhook } from './offhook-routes.ts'
import { pageRoutes } from './page-routes.ts'
import { sendFile } from './pages.ts'
import { createPushes } from './pushes.ts'
import { roomRoutes } from './room-routes.ts'
import { createSessions } from './session.ts'

const routes: ReadonlyMap<string, Route> = new Map([...pageRoutes, ...roomRoutes])

/** The demo as an HTTP server that does not listen yet. */
export function createDemo(settings: DemoSettings): Server {
  const sessions = createSessions(settings.sessionKey)
  const offhook = createOffhook(settings.offhookUrl, settings.apiToken)
  const demo = { settings, sessions, offhook, hooks: createHooks(sessions), pushes: createPushes() }
  const server = createServer((request, response) => {
    const url = URL.parse(request.url ?? '/', 'http://demo') ?? new URL('http://demo')
    answer(demo, { request, response, url }).catch((error: unknown) => {
      sendError({ request, response, url }, error)
    })
  })
  // Longer than Offhook keeps an unused link, so that no hook runs into one that is just being closed.
  server.keepAliveTimeout = 65_000
  return server
}

async function answer(demo: Demo, exchange: Exchange): Promise<void> {
  const { request, response, url } = exchange
  response.setHeader('x-content-type-options', 'nosniff')
  response.setHeader('referrer-policy', 'same-origin')
  const asked = routeOfOffhook(request.method, url.pathname)
  if (asked !== undefined) return asked(demo, exchange)
  if (request.method === 'POST') requireOwnPage(request)
  const route = routes.get(`${request.method} ${url.pathname}`)
  if (route !== undefined) await route(demo, exchange)
  else if (request.method !== 'GET' || !sendFile(exchange)) throw new HttpError(404, 'Not found')
}

function sendError({ response }: Exchange, error: unknown): void {
  const known = error instanceof HttpError
  if (!known) process.stderr.write(`demo: ${error instanceof Error ? error.stack : error}\n`)
  if (response.headersSent) response.destroy()
  else {
    response.writeHead(known ? error.status : 500, { 'content-type': 'text/plain; charset=utf-8' })
    response.end(known ? error.message : 'Something broke')
  }
}
