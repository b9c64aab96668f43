import { WebSocket } from 'ws'
import { Inbox } from './inbox.ts'

/** What a client of Hipochat hears: a message, or `{"ERROR": …}` (spec/hipochat.md §2). */
export interface TalkMessage {
  readonly [key: string]: unknown
  readonly body?: unknown
  readonly message?: unknown
  readonly type?: string
  readonly timestamp?: number
  readonly author?: unknown
  readonly profile?: unknown
  readonly token?: string
  readonly ERROR?: string
}

export interface TalkClientOptions {
  /** The whole path and query, instead of the usual one. */
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** A WebSocket that speaks Hipochat, written from the contract alone. */
export class TalkClient {
  readonly messages = new Inbox<TalkMessage>((message) => JSON.stringify(message))
  /** All that came, letter for letter. */
  readonly texts: string[] = []
  readonly breaches: string[] = []
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>
  readonly socket: WebSocket

  constructor(socket: WebSocket) {
    this.socket = socket
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }))
    })
    socket.on('error', () => {})
    socket.on('message', (data, isBinary) => {
      if (isBinary) this.breaches.push('binary message')
      this.#take(data.toString())
    })
  }

  #take(text: string): void {
    this.texts.push(text)
    try {
      this.messages.push(JSON.parse(text) as TalkMessage)
    } catch {
      this.breaches.push(`not JSON: ${text}`)
    }
  }

  /** Sends a JSON value. */
  send(value: unknown): void {
    this.socket.send(JSON.stringify(value))
  }

  /** Sends exactly this as one message. */
  raw(text: string | Buffer): void {
    this.socket.send(text)
  }

  /** Sends `{"body": BODY}` and awaits that it comes back: then it is stored. */
  async say(body: unknown): Promise<TalkMessage> {
    this.send({ body })
    return this.heard(body)
  }

  next(matches: (message: TalkMessage) => boolean = () => true): Promise<TalkMessage> {
    return this.messages.next('message', matches)
  }

  /** The unread message with this body. */
  heard(body: unknown): Promise<TalkMessage> {
    const text = JSON.stringify(body)
    return this.next((message) => JSON.stringify(message.body) === text)
  }

  /** The next error's text. */
  async error(): Promise<string> {
    return String((await this.next((message) => 'ERROR' in message)).ERROR)
  }

  /** Bodies of all messages so far, in order of arrival. */
  get bodies(): unknown[] {
    return this.messages.all.filter((message) => !('ERROR' in message)).map(({ body }) => body)
  }

  /** A wrong message is answered once the link has arrived in its room, and after what was sent to it before. */
  async barrier(): Promise<void> {
    this.raw('?')
    if ((await this.error()) !== 'invalid message') throw new Error('another error')
  }

  async close(): Promise<void> {
    this.socket.close(1000)
    await this.closed
  }
}

/** Opens a link without waiting for more than the handshake. Rejects with the HTTP status where it is refused. */
export async function openTalk(
  url: string,
  target: { readonly room: string; readonly token: string },
  options: TalkClientOptions = {},
): Promise<TalkClient> {
  const path =
    options.path ?? `/talk/chat/${target.room}/?token=${encodeURIComponent(target.token)}`
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}${path}`, {
    headers: { ...options.headers },
  })
  const client = new TalkClient(socket)
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('unexpected-response', (_request, response) => {
      reject(new Error(`upgrade refused: ${response.statusCode}`))
      response.resume()
    })
    socket.once('error', reject)
  })
  return client
}
