import { EventEmitter, once } from 'node:events'
import { WebSocket } from 'ws'
import type { CspMode } from '../../helpers/csp-modes.ts'
import { CspSocket } from '../../helpers/csp-socket.ts'

/** A browser's end of one link, whatever carries it. */
export interface Peer {
  /** Text of the stream so far. */
  readonly text: string
  /** Resolves once all text so far passes. */
  until(holds: (text: string) => boolean): Promise<void>
  /** Sends this as one message or packet. */
  send(data: string | Buffer): void
  /** Stops and restarts taking what the server sends. */
  pause(): void
  resume(): void
  /** Ends the link in good order. */
  close(): void
  /** As a pulled cable. */
  cut(): void
  /** How the link ended; `code` only where the transport tells it. */
  readonly closed: Promise<{ readonly clean: boolean; readonly code?: number }>
}

export interface PeerOptions {
  readonly headers?: Readonly<Record<string, string>>
}

/** One transport under test. Differences are data. */
export interface TransportUnderTest {
  readonly name: string
  readonly transport: 'websocket' | 'csp'
  /** Whether the peer learns the close code. */
  readonly tellsCodes: boolean
  /** Whether a request without an Origin header may bring cookies, without and with the browser's own word for it. */
  readonly cookiesWithoutOrigin: 'count' | 'count if same-origin' | 'never count'
  readonly cookiesOfOwnOrigin: 'count' | 'never count'
  /** Resolves when a cut link is known to be over; a comet session is only once it has expired. */
  readonly noticesCut: 'at once' | 'by silence'
  open(url: string, options?: PeerOptions): Promise<Peer>
}

/** The WebSocket of any browser. */
export const webSocketTransport: TransportUnderTest = {
  name: 'websocket',
  transport: 'websocket',
  tellsCodes: true,
  cookiesWithoutOrigin: 'count',
  cookiesOfOwnOrigin: 'count',
  noticesCut: 'at once',
  async open(url, options = {}) {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`, {
      headers: { ...options.headers },
      perMessageDeflate: false,
    })
    const peer = new StreamPeer(
      {
        send: (data) => socket.send(data),
        pause: () => socket.pause(),
        resume: () => socket.resume(),
        close: () => socket.close(1000),
        cut: () => socket.terminate(),
      },
      new Promise((resolve) => {
        socket.on('close', (code) => resolve({ clean: code !== 1006, code }))
      }),
    )
    socket.on('message', (data) => peer.take(String(data)))
    await once(socket, 'open')
    socket.on('error', () => {})
    return peer
  },
}

/** CSP in one of its modes. */
export function cspTransport(mode: CspMode): TransportUnderTest {
  const isScript = mode.requestPrefix !== ''
  return {
    name: `csp ${mode.name}`,
    transport: 'csp',
    tellsCodes: false,
    cookiesWithoutOrigin: isScript ? 'never count' : 'count if same-origin',
    cookiesOfOwnOrigin: isScript ? 'never count' : 'count',
    noticesCut: 'by silence',
    async open(url, options = {}) {
      const socket = new CspSocket(url, mode, options)
      const breaches: Error[] = []
      const peer = new StreamPeer(
        {
          send: (data) => socket.send(data),
          pause: () => socket.pause(),
          resume: () => socket.resume(),
          close: () => socket.close(),
          cut: () => socket.terminate(),
        },
        new Promise((resolve, reject) => {
          socket.on('close', (code: number) => {
            if (breaches[0] === undefined) resolve({ clean: code === 1000 })
            else reject(breaches[0])
          })
        }),
      )
      socket.on('text', (text: string) => peer.take(text))
      socket.on('error', (error: Error) => breaches.push(error))
      await socket.open()
      return peer
    },
  }
}

type Acts = Pick<Peer, 'send' | 'pause' | 'resume' | 'close' | 'cut'>

class StreamPeer implements Peer {
  text = ''
  readonly closed: Peer['closed']
  readonly send: Peer['send']
  readonly pause: Peer['pause']
  readonly resume: Peer['resume']
  readonly close: Peer['close']
  readonly cut: Peer['cut']
  readonly #came = new EventEmitter()

  constructor(acts: Acts, closed: Peer['closed']) {
    this.send = acts.send
    this.pause = acts.pause
    this.resume = acts.resume
    this.close = acts.close
    this.cut = acts.cut
    this.closed = closed
  }

  take(text: string): void {
    this.text += text
    this.#came.emit('text')
  }

  async until(holds: (text: string) => boolean): Promise<void> {
    while (!holds(this.text)) await once(this.#came, 'text')
  }
}
