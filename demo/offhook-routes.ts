import type { Demo, Route } from './demo.ts'
import { type Exchange, HttpError, readBody, sendJson } from './exchange.ts'
import { isEqual } from './session.ts'
import { isSigned } from './signature.ts'

/** What Offhook calls: hooks, pushes, the profile URL. */
export function routeOfOffhook(method: string | undefined, path: string): Route | undefined {
  if (method === 'POST' && path.startsWith('/hookbox/')) return answerHook
  if (method === 'POST' && path === '/push') return takePush
  return method === 'GET' && path === '/profile' ? tellProfile : undefined
}

/** Offhook asks whether something may be. Whoever does not know the secrets is not Offhook. */
async function answerHook(demo: Demo, exchange: Exchange): Promise<void> {
  const body = await readSigned(demo, exchange)
  const form = new URLSearchParams(body)
  if (!isEqual(form.get('secret') ?? '', demo.settings.hookSecret))
    throw new HttpError(403, 'Wrong secret')
  const hook = demo.hooks.get(exchange.url.pathname.slice('/hookbox/'.length))
  if (hook === undefined) throw new HttpError(404, 'No such hook')
  sendJson(exchange, hook({ form, cookies: exchange.request.headers.cookie }))
}

/** Somebody missed a message. Anything but a 2xx has Offhook try again later. */
async function takePush(demo: Demo, exchange: Exchange): Promise<void> {
  if (!demo.pushes.take(await readSigned(demo, exchange))) throw new HttpError(400, 'No push')
  exchange.response.writeHead(204).end()
}

/** Whose token it is: a Hipochat client gave it to Offhook. */
function tellProfile({ sessions }: Demo, exchange: Exchange): void {
  const [, token = ''] = /^Token (\S+)$/.exec(exchange.request.headers.authorization ?? '') ?? []
  const name = sessions.nameOfToken(token)
  if (name === undefined) throw new HttpError(403, 'Unknown token')
  // The same unique name as the connect hook gives: both are one user.
  sendJson(exchange, { id: name, name })
}

/** The body. Throws HttpError 403 unless Offhook signed it. */
async function readSigned({ settings }: Demo, { request }: Exchange): Promise<string> {
  const body = await readBody(request)
  if (!isSigned({ headers: request.headers, body }, settings.signingSecret))
    throw new HttpError(403, 'Wrong signature')
  return body
}
