import type { Demo, Route } from './demo.ts'
import { type Exchange, readBody, redirect } from './exchange.ts'
import { joinRooms } from './membership.ts'
import { sendPage } from './pages.ts'
import { channelOf, roomFrom } from './rooms.ts'
import { clearedCookie } from './session.ts'

/** Pages, and the forms that lead from one to another. */
export const pageRoutes: readonly (readonly [string, Route])[] = [
  ['GET /', showLogin],
  ['POST /login', logIn],
  ['POST /logout', logOut],
  ['GET /chat', showChat],
]

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

/** Whoever has logged in once is a member, and told of by pushes while away, even if the page never loads. */
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
  await joinRooms(demo.offhook, name).catch((error: unknown) => {
    // Offhook is down: logging in works all the same, the page asks again.
    process.stderr.write(`demo: join rooms: ${error}\n`)
  })
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
