import type { Socket } from 'node:net'
import { openSocket, type RawReader } from './raw-socket.ts'
import { ResponseWalker } from './response-walker.ts'

/** One request to send again and again, and how its success shows in the answer. */
export interface Request {
  readonly path: string
  readonly headers: readonly string[]
  readonly body: string
  /** Stands in the answer's body once for each message that was taken. */
  readonly marker: string
}

/** One kept link to an HTTP server, with at most one request under way. */
export class HttpLink implements RawReader {
  readonly #request: Buffer
  readonly #walker: ResponseWalker
  #socket: Socket | undefined
  #answered: (markers: number) => void = () => {}
  #lost: (reason: string) => void = () => {}
  #markers = 0
  #answers = 0

  constructor(request: Request) {
    this.#request = requestBytes(request)
    this.#walker = new ResponseWalker(request.marker)
  }

  /** `answered` is called with the markers of each answer; `lost` if the link ends. */
  async open(
    port: number,
    on: { answered: (markers: number) => void; lost: (reason: string) => void },
  ): Promise<void> {
    this.#socket = await openSocket(port, this)
    this.#answered = on.answered
    this.#lost = on.lost
  }

  send(): void {
    this.#socket?.write(this.#request)
  }

  /** What the last answer said that was no success. */
  get lastOther(): string {
    return this.#walker.lastOther
  }

  close(): void {
    this.#lost = () => {}
    this.#socket?.destroy()
  }

  read(chunk: Buffer): void {
    this.#markers += this.#walker.feed(chunk)
    if (this.#walker.answers === this.#answers) return
    this.#answers = this.#walker.answers
    const markers = this.#markers
    this.#markers = 0
    this.#answered(markers)
  }

  ended(reason: string): void {
    this.#lost(`${reason}; last answer without success: ${this.lastOther}`)
  }
}

/** Sends one request on a link of its own; answers how many markers its answer held. */
export async function sendOnce(port: number, request: Request): Promise<number> {
  const link = new HttpLink(request)
  try {
    return await new Promise<number>((resolve, reject) => {
      const lost = (reason: string) => reject(new Error(reason))
      link.open(port, { answered: resolve, lost }).then(() => link.send(), reject)
    })
  } finally {
    link.close()
  }
}

function requestBytes({ path, headers, body }: Request): Buffer {
  const head = [
    `POST ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...headers,
    '\r\n',
  ]
  return Buffer.from(`${head.join('\r\n')}${body}`)
}
