import { type ConnectOptions, connect, type Offhook } from '../../src/client/index.ts'

type Args = Record<string, unknown>

/** One WebSocket of the page; the test plays the server. */
class FakeWebSocket {
  readonly frames: { readonly id: number; readonly name: string; readonly args: Args }[] = []
  closedWith: number | undefined
  onopen: (() => void) | null = null
  onmessage: ((event: { data: string }) => void) | null = null
  onclose: ((event: { wasClean: boolean }) => void) | null = null

  send(text: string): void {
    for (const line of text.split('\r\n').filter((part) => part !== '')) {
      const [id, name, args] = JSON.parse(line) as [number, string, Args]
      this.frames.push({ id, name, args })
    }
  }

  close(code: number): void {
    this.closedWith = code
  }
}

/** A server of version 2 that says only what the test lets it say. */
export class FakeServer {
  readonly links: FakeWebSocket[] = []
  readonly WebSocket: new () => FakeWebSocket
  readonly #answered = new Set<object>()
  #frameId = 0

  constructor() {
    const { links } = this
    this.WebSocket = class extends FakeWebSocket {
      constructor() {
        super()
        links.push(this)
      }
    }
  }

  /** A client of this server, over WebSocket only. */
  connect(options: ConnectOptions = {}): Offhook {
    return connect('http://offhook.test', {
      transports: ['websocket'],
      cookieString: '',
      ...options,
    })
  }

  get #link(): FakeWebSocket {
    const link = this.links.at(-1)
    if (link === undefined) throw new Error('no link')
    return link
  }

  /** Opens the newest link and lets the user in. */
  accept(args: Args = {}): void {
    this.#link.onopen?.()
    this.say('CONNECTED', { name: 'ann', payload: null, version: 2, connection_id: 'c', ...args })
    this.answer('CONNECT')
  }

  say(name: string, args: Args): void {
    this.#frameId += 1
    this.#link.onmessage?.({ data: `${JSON.stringify([this.#frameId, name, args])}\r\n` })
  }

  /** The snapshot of a channel, and OK to the SUBSCRIBE that waits for it, if any. */
  snapshot(channel: string, args: Args = {}): void {
    const empty = { history: [], state: {}, presence: [], history_size: 10, history_duration: 0 }
    const head = { epoch: 'e', offset: 0, recovered: false }
    this.say('SUBSCRIBE', { channel_name: channel, user: 'ann', ...head, ...empty, ...args })
    if (this.#oldest('SUBSCRIBE') !== undefined) this.answer('SUBSCRIBE', head)
  }

  /** OK to the oldest frame of that name that has no answer yet. */
  answer(name: string, args: Args = {}): void {
    this.say('OK', { id: this.#take(name), ...args })
  }

  /** ERROR to it. */
  refuse(name: string, args: Args): void {
    this.say('ERROR', { id: this.#take(name), ...args })
  }

  /** Arguments of all frames of that name, over all links. */
  sent(name: string): Args[] {
    return this.links.flatMap(({ frames }) =>
      frames.filter((frame) => frame.name === name).map(({ args }) => args),
    )
  }

  #oldest(name: string) {
    return this.#link.frames.find((frame) => frame.name === name && !this.#answered.has(frame))
  }

  #take(name: string): number {
    const frame = this.#oldest(name)
    if (frame === undefined) throw new Error(`no ${name} waits for an answer`)
    this.#answered.add(frame)
    return frame.id
  }
}
