import type { IncomingHttpHeaders } from 'node:http'
import { type Dispatcher, errors } from 'undici'

/** One request to another server, with everything that bounds it. */
export interface ExchangeRequest {
  readonly method: 'GET' | 'POST'
  readonly url: URL
  /** Names and values in turn. */
  readonly headers: string[]
  readonly body?: string
  /** From name lookup to last byte. */
  readonly timeoutMs: number
  /** Longest body of the answer. */
  readonly maxBytes: number
}

/** What came back; of a body that was too large or cut off, what there was of it. */
export interface RawAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** Why no whole answer came. `cause` holds the socket's own error. */
export class ExchangeFailure extends Error {
  override readonly name = 'ExchangeFailure'
  readonly reason: 'timeout' | 'too_large' | 'connection'
  /** Present once a status had come. */
  readonly answer: RawAnswer | undefined

  constructor(reason: ExchangeFailure['reason'], answer?: RawAnswer, options?: ErrorOptions) {
    super(reason, options)
    this.reason = reason
    this.answer = answer
  }
}

/**
 * Sends one request and reads its answer, whatever its status; redirects are not followed. Rejects with
 * ExchangeFailure, or with undici's InvalidArgumentError for a request that cannot be sent. Works below undici's `request`, whose streams and abort signals cost more than the hook itself.
 */
export function exchange(dispatcher: Dispatcher, request: ExchangeRequest): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const handler = new Exchange(request, resolve, reject)
    const { origin, path } = targetOf(request.url)
    try {
      dispatcher.dispatch(
        {
          origin,
          path,
          method: request.method,
          headers: request.headers,
          body: request.body ?? null,
          // One deadline of our own covers them.
          headersTimeout: 0,
          bodyTimeout: 0,
        },
        handler,
      )
    } catch (error) {
      handler.onResponseError(undefined, error)
    }
  })
}

interface Target {
  readonly origin: string
  readonly path: string
}

const targets = new WeakMap<URL, Target>()

/** What undici wants to know of a URL; the URLs of hooks come again and again, and reading their parts copies them. */
function targetOf(url: URL): Target {
  let target = targets.get(url)
  if (target === undefined) {
    target = { origin: url.origin, path: url.pathname + url.search }
    targets.set(url, target)
  }
  return target
}

class Exchange implements Dispatcher.DispatchHandler {
  readonly #maxBytes: number
  readonly #resolve: (answer: RawAnswer) => void
  readonly #reject: (error: Error) => void
  readonly #deadline: NodeJS.Timeout
  #controller: Dispatcher.DispatchController | undefined
  #status = 0
  #headers: IncomingHttpHeaders = {}
  #chunks: Buffer[] = []
  #bytes = 0
  #failure: ExchangeFailure | undefined

  constructor(
    request: ExchangeRequest,
    resolve: (answer: RawAnswer) => void,
    reject: (error: Error) => void,
  ) {
    this.#maxBytes = request.maxBytes
    this.#resolve = resolve
    this.#reject = reject
    this.#deadline = setTimeout(() => this.#giveUp('timeout'), request.timeoutMs)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    // The deadline may have passed while the link was still being made.
    if (this.#failure) controller.abort(this.#failure)
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    if (status < 200) return
    this.#status = status
    this.#headers = headers
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length
    this.#chunks.push(chunk)
    if (this.#bytes > this.#maxBytes) this.#giveUp('too_large')
  }

  onResponseEnd(): void {
    clearTimeout(this.#deadline)
    if (!this.#failure) this.#resolve(this.#answer())
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, cause: unknown): void {
    clearTimeout(this.#deadline)
    if (this.#failure) return
    this.#failure = new ExchangeFailure('connection', this.#partial(), { cause })
    // A request that undici does not take at all is a mistake on this side, not the network's.
    this.#reject(cause instanceof errors.InvalidArgumentError ? cause : this.#failure)
  }

  #giveUp(reason: 'timeout' | 'too_large'): void {
    clearTimeout(this.#deadline)
    if (this.#failure) return
    this.#failure = new ExchangeFailure(reason, this.#partial())
    this.#reject(this.#failure)
    this.#controller?.abort(this.#failure)
  }

  #partial(): RawAnswer | undefined {
    return this.#status === 0 ? undefined : this.#answer()
  }

  #answer(): RawAnswer {
    const body = this.#chunks.length === 1 ? this.#chunks[0] : Buffer.concat(this.#chunks)
    return { status: this.#status, headers: this.#headers, body: body ?? Buffer.alloc(0) }
  }
}
