import { WebSocket } from 'ws'
import { Inbox } from './inbox.ts'

/** Arguments of any version 2 frame (spec/hookbox.md §10). */
export type ArgsTwo = Record<string, unknown> & {
  id?: number | null
  channel_name?: string
  epoch?: string
  offset?: number
  recovered?: boolean
  history?: [string, { payload?: unknown; offset?: number; user?: string }][]
  presence?: string[]
  code?: string
  retry?: boolean
  duplicate?: boolean
}

export interface FrameTwo {
  readonly name: string
  readonly args: ArgsTwo
}

/** The answer to one frame. */
export interface AnswerTwo {
  readonly ok: boolean
  readonly args: ArgsTwo
}

/** A WebSocket that speaks version 2, written from the contract alone. */
export class ClientTwo {
  readonly frames = new Inbox<FrameTwo>((frame) => JSON.stringify(frame))
  readonly closed: Promise<number>
  readonly socket: WebSocket
  #sent = 0
  #rest = ''

  constructor(socket: WebSocket) {
    this.socket = socket
    this.closed = new Promise((resolve) => socket.on('close', resolve))
    socket.on('error', () => {})
    socket.on('message', (data) => this.#take(data.toString()))
  }

  #take(text: string): void {
    const parts = `${this.#rest}${text}`.split('\r\n')
    this.#rest = parts.pop() ?? ''
    for (const part of parts) {
      const [, name, args] = JSON.parse(part) as [number, string, ArgsTwo]
      this.frames.push({ name, args })
    }
  }

  /** Sends a frame; its number. */
  send(name: string, args: unknown = {}): number {
    this.#sent += 1
    this.socket.send(`${JSON.stringify([this.#sent, name, args])}\r\n`)
    return this.#sent
  }

  /** Sends a frame and awaits its one answer. */
  async request(name: string, args: unknown = {}): Promise<AnswerTwo> {
    const id = this.send(name, args)
    const isAnswer = (frame: FrameTwo) =>
      (frame.name === 'OK' || frame.name === 'ERROR') && frame.args.id === id
    const frame = await this.frames.next(`answer to ${name}`, isAnswer)
    return { ok: frame.name === 'OK', args: frame.args }
  }

  async next(name: string, test: (args: ArgsTwo) => boolean = () => true): Promise<ArgsTwo> {
    const frame = await this.frames.next(name, (item) => item.name === name && test(item.args))
    return frame.args
  }

  /** This client's own snapshot of a channel. */
  snapshot(channel: string): Promise<ArgsTwo> {
    return this.next(
      'SUBSCRIBE',
      (args) => args.channel_name === channel && args.epoch !== undefined,
    )
  }

  /** Payloads of the PUBLISH frames of a channel so far, in order. */
  payloads(channel: string): unknown[] {
    return this.frames.all
      .filter((frame) => frame.name === 'PUBLISH' && frame.args.channel_name === channel)
      .map((frame) => frame.args['payload'])
  }

  /** Ends the link as a pulled cable does. */
  async cut(): Promise<void> {
    this.socket.terminate()
    await this.closed
  }
}

/** Opens a link and connects as `user` (the test app takes the name from the cookie). */
export async function loginTwo(
  url: string,
  user: string,
  args: Readonly<Record<string, unknown>> = {},
): Promise<ClientTwo> {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/ws`)
  const client = new ClientTwo(socket)
  await new Promise((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
  })
  const answer = await client.request('CONNECT', {
    version: 2,
    cookie_string: `user=${user}`,
    ...args,
  })
  if (!answer.ok) throw new Error(`CONNECT refused: ${JSON.stringify(answer.args)}`)
  return client
}
