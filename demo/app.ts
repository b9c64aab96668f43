import { createServer, type Server } from 'node:http'
import {
  type Exchange,
  HttpError,
  readBody,
  redirect,
  requireOwnPage,
  sendJson,
} from './exchange.ts'
import { createHooks } from './hooks.ts'
import { createOffhook, type Offhook } from './offhook.ts'
import { sendFile, sendPage } from './pages.ts'
import { channelOf, firstRoom, roomFrom, roomOf } from './rooms.ts'
import { clearedCookie, createSessions, isEqual, type Sessions } from './session.ts'
import { isSigned } from './signature.ts'

/** What the demo must be told. */
export interface DemoSettings {
  /** Where browsers (and this app) find Offhook. */
  readonly offhookUrl: string
  /** The form field `secret` of each hook must equal it. */
  readonly hookSecret: string
  readonly apiToken: string
  /** Key of the session cookies. */
  readonly sessionKey: string
  /** `whsec_…`: hooks must also be signed. */
  readonly signingSecret?: string
}

/** What the routes work with. */
interface Demo {
  readonly settings: DemoSettings
  readonly sessions: Sessions
  readonly offhook: Offhook
  readonly hooks: ReturnType<typeof createHooks>
}

type Route = (demo: Demo, exchange: Exchange) => Promise<void> | void

const routes = new Map<string, Route>([
  ['GET /', showLogin],
  ['POST /login', logIn],
  ['POST /logout', logOut],
  ['GET /chat', showChat],
  ['GET /rooms', listRooms],
  ['POST /topic', setTopic],
])

/** The demo as an HTTP server that does not listen yet. */
export function createDemo(settings: DemoSettings): Server {
  const sessions = createSessions(settings.sessionKey)
  const offhook = createOffhook(settings.offhookUrl, settings.apiToken)
  const demo = { settings, sessions, offhook, hooks: createHooks(sessions) }
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
  if (request.method === 'POST' && url.pathname.startsWith('/hookbox/')) {
    await answerHook(demo, exchange)
    return
  }
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

/** Offhook asks. Whoever does not know the secret is not Offhook. */
async function answerHook(demo: Demo, exchange: Exchange): Promise<void> {
  const { request, url } = exchange
  const body = await readBody(request)
  const form = new URLSearchParams(body)
  const { hookSecret, signingSecret } = demo.settings
  if (!isEqual(form.get('secret') ?? '', hookSecret)) throw new HttpError(403, 'Wrong secret')
  if (signingSecret !== undefined && !isSigned({ headers: request.headers, body }, signingSecret))
    throw new HttpError(403, 'Wrong signature')
  const hook = demo.hooks.get(url.pathname.slice('/hookbox/'.length))
  if (hook === undefined) throw new HttpError(404, 'No such hook')
  sendJson(exchange, hook({ form, cookies: request.headers.cookie }))
}

function showLogin(demo: Demo, exchange: Exchange): void {
  const room = roomFrom(exchange.url.searchParams.get('room'))
  if (demo.sessions.nameIn(exchange.request.headers.cookie) !== undefined)
    redirect(exchange, `/chat?room=${room}`)
  else sendLogin(demo, exchange, { room, name: '', problem: '' })
}

function sendLogin(
  demo: Demo,
  exchange: Exchange,
  values: { room: string; name: string; problem: string },
): void {
  sendPage(exchange, { name: 'login', values, offhookUrl: demo.settings.offhookUrl })
}

async function logIn(demo: Demo, exchange: Exchange): Promise<void> {
  const form = new URLSearchParams(await readBody(exchange.request))
  const name = (form.get('name') ?? '').trim()
  const room = roomFrom(form.get('room'))
  // Letters, marks, digits, punctuation, symbols (emoji) and single spaces of any script.
  if (!/^(?=.{1,40}$)[\p{L}\p{M}\p{N}\p{P}\p{S}]+( [\p{L}\p{M}\p{N}\p{P}\p{S}]+)*$/u.test(name)) {
    exchange.response.statusCode = 400
    const problem = 'A name has 1 to 40 letters, digits or signs.'
    sendLogin(demo, exchange, { room, name, problem })
    return
  }
  exchange.response.setHeader('set-cookie', demo.sessions.cookieFor(name))
  redirect(exchange, `/chat?room=${room}`)
}

/** Also ends the user's links: a session that is over must not go on listening. */
async function logOut(demo: Demo, exchange: Exchange): Promise<void> {
  const name = demo.sessions.nameIn(exchange.request.headers.cookie)
  exchange.response.setHeader('set-cookie', clearedCookie)
  if (name !== undefined)
    await demo.offhook.call('disconnect_user', { name }).catch((error: unknown) => {
      // No link open, or Offhook is down: logging out works all the same.
      process.stderr.write(`demo: disconnect_user: ${error}\n`)
    })
  redirect(exchange, '/')
}

function showChat(demo: Demo, exchange: Exchange): void {
  const asked = exchange.url.searchParams.get('room')
  const room = roomFrom(asked)
  const name = demo.sessions.nameIn(exchange.request.headers.cookie)
  if (name === undefined) redirect(exchange, `/?room=${room}`)
  else if (asked !== room) redirect(exchange, `/chat?room=${room}`)
  else {
    const offhookUrl = offhookFor(demo.settings.offhookUrl, exchange.request.headers.host)
    const values = { name, room, channel: channelOf(room), offhookUrl }
    sendPage(exchange, { name: 'chat', values, offhookUrl })
  }
}

/** `localhost` and `127.0.0.1` do not share cookies: the page meets Offhook under the host it was opened with. */
function offhookFor(offhookUrl: string, host: string | undefined): string {
  const url = new URL(offhookUrl)
  const own = URL.parse(`http://${host}`)?.hostname
  const loopback = ['localhost', '127.0.0.1']
  if (own !== undefined && loopback.includes(own) && loopback.includes(url.hostname))
    url.hostname = own
  return url.href.replace(/\/$/, '')
}

function requireUser(demo: Demo, exchange: Exchange): string {
  const name = demo.sessions.nameIn(exchange.request.headers.cookie)
  if (name === undefined) throw new HttpError(401, 'Please log in')
  return name
}

async function listRooms(demo: Demo, exchange: Exchange): Promise<void> {
  requireUser(demo, exchange)
  const { channels } = await demo.offhook.call('get_server_info')
  const names = Array.isArray(channels) ? channels.map(String) : []
  const rooms = new Set([firstRoom, ...names.flatMap((name) => roomOf(name) ?? [])])
  sendJson(exchange, [...rooms].sort().slice(0, 50))
}

/** State belongs to the app: pages ask the app, the app tells Offhook, Offhook tells every page. */
async function setTopic(demo: Demo, exchange: Exchange): Promise<void> {
  requireUser(demo, exchange)
  const form = new URLSearchParams(await readBody(exchange.request))
  const topic = (form.get('topic') ?? '').trim().slice(0, 120)
  const channel = channelOf(roomFrom(form.get('room')))
  const val = JSON.stringify(topic)
  await demo.offhook.call('state_set_key', { channel_name: channel, key: 'topic', val })
  sendJson(exchange, { topic })
}
