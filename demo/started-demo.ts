import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createDemo } from './app.ts'
import { sign } from './signature.ts'

const signingSecret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

/** For tests: the demo on a port of its own, before an Offhook that only takes calls down. */
export class StartedDemo {
  url = ''
  /** Methods that this Offhook refuses. */
  refused: readonly string[] = []
  /** What its `room_unread` says. */
  rooms = ['lobby', 'tea', 'garden'].map((name) => ({ channel_name: `room:${name}` }))
  #calls: { method: string; token: string | undefined; form: Record<string, string> }[] = []
  #demo: Server | undefined
  readonly #offhook = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const method = request.url?.replace('/web/', '') ?? ''
    const form = Object.fromEntries(new URLSearchParams(body))
    this.#calls.push({ method, token: request.headers.authorization, form })
    const channels = ['room:tea', 'other', 'room:lobby']
    const answer = { channels, rooms: this.rooms }
    response.end(
      JSON.stringify(this.refused.includes(method) ? [false, { msg: 'no' }] : [true, answer]),
    )
  })

  async start(): Promise<void> {
    this.#demo = createDemo({
      offhookUrl: await listen(this.#offhook),
      hookSecret: 'hook-secret',
      apiToken: 'token',
      sessionKey: 'key',
      signingSecret,
    })
    this.url = await listen(this.#demo)
  }

  async stopOffhook(): Promise<void> {
    await end(this.#offhook)
  }

  async close(): Promise<void> {
    if (this.#demo !== undefined) await end(this.#demo)
    await end(this.#offhook)
  }

  /** What Offhook was called for since the last time, as method and form. Throws if the token was another one. */
  asked(): [string, Record<string, string>][] {
    return this.#calls.splice(0).map(({ method, token, form }) => {
      if (token !== 'Bearer token') throw new Error(`${method} came with ${token}`)
      return [method, form]
    })
  }

  async get(path: string, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(this.url + path, { headers, redirect: 'manual' })
  }

  /** As a form of the demo's own page. */
  async post(
    path: string,
    fields: Record<string, string>,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    const body = new URLSearchParams(fields)
    const init = { method: 'POST', body, redirect: 'manual' } as const
    return fetch(this.url + path, { ...init, headers: { origin: this.url, ...headers } })
  }

  /** As Offhook does; `secret` is what it signs with. */
  async postSigned(
    path: string,
    body: string,
    { secret = signingSecret, cookie = '' } = {},
  ): Promise<Response> {
    const timestamp = String(Math.floor(Date.now() / 1000))
    const headers = {
      cookie,
      'webhook-id': 'msg_1',
      'webhook-timestamp': timestamp,
      'webhook-signature': sign({ id: 'msg_1', timestamp, body }, secret),
    }
    return fetch(this.url + path, { method: 'POST', body, headers })
  }

  /** The session's cookie. */
  async logIn(name: string): Promise<string> {
    const response = await this.post('/login', { name, room: 'tea' })
    return response.headers.getSetCookie()[0]?.split(';')[0] ?? ''
  }
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function end(server: Server): Promise<void> {
  server.closeAllConnections()
  await new Promise((done) => server.close(done))
}
