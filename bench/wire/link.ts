import type { Socket } from 'node:net'
import { clientFrame } from './client-frame.ts'
import { FrameWalker } from './frame-walker.ts'
import { openSocket, type RawReader } from './raw-socket.ts'
import { TextFrames } from './text-frames.ts'

/** How a contender's client comes to where it can be used: sends a text, waits for one that holds another. */
export interface Opening {
  readonly path: string
  /** Lines of the upgrade request besides the necessary ones. */
  readonly headers?: readonly string[]
  readonly steps: readonly OpeningStep[]
}

interface OpeningStep {
  readonly send?: string
  readonly await?: string
}

/** Hears of a link while it carries load. */
export interface LinkListener {
  /** `markers` of them ended in what was just read. */
  counted(markers: number): void
  /** The link ended although nobody asked for it. */
  lost(reason: string): void
}

const openTimeoutMs = 20_000
const nobody: LinkListener = { counted() {}, lost() {} }

/** One WebSocket of the load generator on a raw socket. */
export class Link implements RawReader {
  #listener: LinkListener = nobody
  #socket: Socket | undefined
  #walker: FrameWalker | undefined
  #text: TextFrames | undefined = new TextFrames()
  #wake: () => void = () => {}
  #end: string | undefined

  /** Opens it and goes through its opening. Rejects if a step takes too long or the server ends it. */
  async open(port: number, opening: Opening): Promise<void> {
    const timer = setTimeout(() => this.ended('it took too long'), openTimeoutMs)
    try {
      this.#socket = await openSocket(port, this)
      this.#socket.write(upgradeRequest(port, opening))
      await this.#until(() => this.#text?.isUpgraded === true, 'the upgrade')
      for (const step of opening.steps) {
        if (step.send !== undefined) this.send(clientFrame(step.send))
        const { await: expected } = step
        if (expected !== undefined) {
          await this.#until(() => this.#text?.take(expected) === true, expected)
        }
      }
    } finally {
      clearTimeout(timer)
    }
  }

  /** From now on frames are only walked, and `marker` is counted in them: the same one as long as the link lives. */
  count(marker: string, listener: LinkListener): void {
    this.#listener = listener
    if (this.#walker !== undefined) return
    const rest = this.#text?.rest ?? Buffer.alloc(0)
    this.#text = undefined
    this.#walker = new FrameWalker(marker)
    this.read(rest)
  }

  send(frame: Buffer): void {
    this.#socket?.write(frame)
  }

  /** The last frame without a marker: an error message, if something went wrong. */
  get lastOther(): string {
    return this.#walker?.lastOther ?? this.#text?.last ?? ''
  }

  /** Ends it without ceremony. */
  close(): void {
    this.#listener = nobody
    this.#socket?.destroy()
  }

  read(chunk: Buffer): void {
    const walker = this.#walker
    if (walker === undefined) {
      this.#text?.push(chunk)
      this.#wake()
      return
    }
    const markers = walker.feed(chunk)
    if (walker.isClosed) throw new Error('the server sent a close frame')
    if (markers > 0) this.#listener.counted(markers)
  }

  ended(reason: string): void {
    this.#end ??= reason
    this.#wake()
    this.#listener.lost(`${reason}; last frame: ${this.lastOther}`)
  }

  async #until(isDone: () => boolean, what: string): Promise<void> {
    while (!isDone()) {
      if (this.#end !== undefined) {
        throw new Error(
          `a link did not get to ${what}: ${this.#end}; last frame: ${this.lastOther}`,
        )
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}

function upgradeRequest(port: number, { path, headers = [] }: Opening): string {
  return [
    `GET ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
    ...headers,
    '\r\n',
  ].join('\r\n')
}
