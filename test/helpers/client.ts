import { WebSocket } from 'ws'
import type { CspMode } from './csp-modes.ts'
import { CspSocket } from './csp-socket.ts'
import { Inbox } from './inbox.ts'

/** Arguments of server frames (spec/hookbox.md §2). */
export interface Args {
  name?: string
  payload?: unknown
  channel_name?: string
  user?: string | null
  history?: [string, { user?: string; payload?: unknown; datetime?: string }][]
  history_size?: number
  history_duration?: number
  state?: Record<string, unknown>
  presence?: string[]
  initial_data?: unknown
  datetime?: string
  updates?: Record<string, unknown>
  deletes?: string[]
  sender?: string
  recipient?: string
  id?: number | null
  reference_id?: number | null
  msg?: string
  cookie?: string
}

export interface Frame {
  readonly id: number
  readonly name: string
  readonly args: Args
  /** The WebSocket message as it came. */
  readonly text: string
}

export interface Closed {
  readonly code: number
  readonly reason: string
}

export interface ClientOptions {
  readonly origin?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly path?: string
  /** Speaks CSP in this mode instead of WebSocket. */
  readonly csp?: CspMode
}

/** What every page of 2010 relies on: one ASCII frame per message, ended by CRLF, ids that grow. */
const frameText = /^[\x20-\x7e]+\r\n$/

/** A WebSocket that speaks version 1 of the frames as a script of 2010 did. */
export class Client {
  readonly frames = new Inbox<Frame>((frame) => frame.text.trimEnd())
  /** Breaches of the wire format; a world fails its test if there are any. */
  readonly breaches: string[] = []
  readonly closed: Promise<Closed>
  readonly socket: WebSocket
  /** The name that CONNECTED gave. */
  user = ''
  #sent = 0
  #lastId = -Infinity

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
    if (!frameText.test(text)) this.breaches.push(`not one ASCII frame: ${JSON.stringify(text)}`)
    const [id, name, args] = JSON.parse(text) as [number, string, Args]
    if (!Number.isInteger(id) || id <= this.#lastId) this.breaches.push(`id does not grow: ${text}`)
    this.#lastId = id
    this.frames.push({ id, name, args, text })
  }

  /** Sends a frame under the next id and answers the id. */
  send(name: string, args: unknown = {}): number {
    this.#sent += 1
    this.socket.send(`${JSON.stringify([this.#sent, name, args])}\r\n`)
    return this.#sent
  }

  /** Sends exactly this as one message. */
  raw(text: string | Buffer): void {
    this.socket.send(text)
  }

  /** The next unread frame of this name (whose arguments also pass `test`). */
  async next(name: string, test: (args: Args) => boolean = () => true): Promise<Args> {
    const frame = await this.frames.next(
      `${name} for ${this.user || 'a client'}`,
      (candidate) => candidate.name === name && test(candidate.args),
    )
    return frame.args
  }

  /** The ERROR that answers the frame `id`. */
  error(id: number | null): Promise<Args> {
    return this.next('ERROR', (args) => args.id === id)
  }

  /** The unread SUBSCRIBE frame of a channel for this user itself (the snapshot). */
  snapshot(channel: string): Promise<Args> {
    return this.next(
      'SUBSCRIBE',
      (args) => args.channel_name === channel && args.history !== undefined,
    )
  }

  /** The next PUBLISH frame of a channel. */
  published(channel: string): Promise<Args> {
    return this.next('PUBLISH', (args) => args.channel_name === channel)
  }

  /** Subscribes and awaits the snapshot. */
  subscribe(channel: string): Promise<Args> {
    this.send('SUBSCRIBE', { channel_name: channel })
    return this.snapshot(channel)
  }

  /** Publishes a JSON value. */
  publish(channel: string, value: unknown): number {
    return this.send('PUBLISH', { channel_name: channel, payload: JSON.stringify(value) })
  }

  /** A request whose answer proves that whatever was sent to this connection before it has come. */
  async barrier(): Promise<void> {
    await this.error(this.send('MESSAGE', {}))
  }

  /** Frames of these names (all but barriers' errors, if none given) that came and that no `next` has taken. */
  async unread(...names: string[]): Promise<Frame[]> {
    await this.barrier()
    return this.frames.unread((frame) => names.length === 0 || names.includes(frame.name))
  }

  /** Names of all frames so far, in order of arrival. */
  get names(): string[] {
    return this.frames.all.map((frame) => frame.name)
  }

  /** Ends the link cleanly. */
  async close(): Promise<void> {
    this.socket.close(1000)
    await this.closed
  }

  /** Ends the link as a pulled cable does. */
  async cut(): Promise<void> {
    this.socket.terminate()
    await this.closed
  }
}

/** Opens a link to `url` (`http://…`) without sending a frame. Rejects with the HTTP status where it is refused. */
export async function openClient(url: string, options: ClientOptions = {}): Promise<Client> {
  if (options.csp !== undefined) return openCspClient(url, options.csp, options)
  const address = `${url.replace(/^http/, 'ws').replace(/\/$/, '')}${options.path ?? '/ws'}`
  const socket = new WebSocket(address, {
    ...(options.origin === undefined ? {} : { origin: options.origin }),
    headers: { ...options.headers },
  })
  const client = new Client(socket)
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

async function openCspClient(url: string, mode: CspMode, options: ClientOptions): Promise<Client> {
  const socket = new CspSocket(url, mode, options)
  // It has as much of a WebSocket's face as scenarios use.
  const client = new Client(socket as unknown as WebSocket)
  socket.on('error', (error: Error) => client.breaches.push(error.message))
  await socket.open()
  return client
}
