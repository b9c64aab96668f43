import { EventEmitter } from 'node:events'
import { BatchReader, type ServerPacket } from './csp-batches.ts'
import type { CspMode } from './csp-modes.ts'

export interface CspOptions {
  readonly origin?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly path?: string
}

const maxTries = 20
const frameEnd = '\r\n'

/**
 * A page's side of CSP with the face of a `ws` socket, so that the same scenarios run on it: `message` is one frame
 * (cut by the delimiter, as the stream has no messages), `text` is the stream as it comes.
 */
export class CspSocket extends EventEmitter {
  readonly mode: CspMode
  /** How often a comet answer broke off and was asked for again. */
  retries = 0
  key = ''
  readonly #base: string
  readonly #headers: Record<string, string>
  #lastId = 0
  #sentId = 0
  #rest = ''
  #lastEventId = ''
  #isOver = false
  #isPaused = false
  #wake: () => void = () => {}
  #cometAbort = new AbortController()
  readonly #abort = new AbortController()
  #sending: Promise<void> = Promise.resolve()

  constructor(url: string, mode: CspMode, options: CspOptions = {}) {
    super()
    this.mode = mode
    this.#base = `${url.replace(/\/$/, '')}${options.path ?? '/csp'}`
    this.#headers = {
      ...options.headers,
      ...(options.origin === undefined ? {} : { origin: options.origin }),
    }
  }

  /** Handshakes and begins to listen. Rejects with the status where it is refused. */
  async open(): Promise<void> {
    const answer = await this.#ask('handshake', new URLSearchParams(this.mode.variables))
    const text = await answer.text()
    if (answer.status !== 200) throw new Error(`handshake refused: ${answer.status}`)
    this.key = (JSON.parse(this.#unwrap(text)) as { session: string }).session
    void this.#listen()
  }

  send(data: string | Buffer): void {
    this.#sentId += 1
    const packet =
      typeof data === 'string'
        ? [this.#sentId, 0, data]
        : [this.#sentId, 1, data.toString('base64url')]
    this.#sending = this.#sending.then(() => this.#post(JSON.stringify([packet])))
  }

  /** Ends the session in good order. */
  close(code = 1000): void {
    this.#sending = this.#sending.then(async () => {
      if (this.#isOver) return
      try {
        await (await this.#ask('close', this.#query())).text()
      } catch (error) {
        if (!this.#isOver) throw error
      }
      this.#end(code)
    })
  }

  /** As a pulled cable: nothing is asked any more. */
  terminate(): void {
    this.#end(1006)
  }

  pause(): void {
    this.#isPaused = true
    this.#cometAbort.abort()
  }

  resume(): void {
    this.#isPaused = false
    this.#wake()
  }

  async #listen(): Promise<void> {
    for (let tries = 0; !this.#isOver && tries < maxTries; tries += 1) {
      if (this.#isPaused) await this.#paused()
      try {
        await this.#comet()
        tries = 0
      } catch (error) {
        if (this.#isOver) return
        if (error instanceof Breach) {
          this.emit('error', error)
          this.#end(1002)
          return
        }
        this.retries += 1
      }
      await this.#pollLater()
    }
    this.#end(1006)
  }

  async #comet(): Promise<void> {
    this.#cometAbort = new AbortController()
    const bySse = this.mode.acknowledges === 'Last-Event-ID'
    const headers: Record<string, string> =
      bySse && this.#lastEventId !== '' ? { 'last-event-id': this.#lastEventId } : {}
    const query = this.#query()
    if (bySse) query.delete('a')
    const answer = await this.#ask('comet', query, { headers })
    if (answer.status === 404) {
      await answer.text()
      this.#end(1006)
      return
    }
    if (answer.status !== 200) throw new Breach(`comet: ${answer.status} ${await answer.text()}`)
    const type = answer.headers.get('content-type')
    if (type !== this.mode.type) throw new Breach(`comet as ${type}`)
    await this.#read(answer)
  }

  async #read(answer: Response): Promise<void> {
    const reader = new BatchReader(this.mode)
    const decoder = new TextDecoder()
    for await (const chunk of answer.body ?? []) {
      for (const batch of parse(reader, decoder.decode(chunk as Uint8Array, { stream: true }))) {
        this.#take(batch)
      }
      this.#lastEventId = reader.lastEventId || this.#lastEventId
      if (this.#isOver) return
    }
    const rest = reader.rest.trim()
    if (rest !== '' && !rest.startsWith('id: ')) throw new Error('cut in half')
  }

  #take(batch: readonly ServerPacket[]): void {
    for (const [id, encoding, data] of batch) {
      if (id <= this.#lastId) continue
      if (id !== this.#lastId + 1 || encoding !== 0) throw new Breach(`packet ${id} is missing`)
      this.#lastId = id
      if (data === null) {
        this.#end(1000)
        return
      }
      this.emit('text', data)
      this.#cut(data)
    }
  }

  #cut(text: string): void {
    const frames = (this.#rest + text).split(frameEnd)
    this.#rest = frames.pop() ?? ''
    for (const frame of frames) this.emit('message', Buffer.from(frame + frameEnd), false)
  }

  /** Sends again what may not have come; the server drops what it has. */
  async #post(packets: string): Promise<void> {
    for (let tries = 0; !this.#isOver && tries < maxTries; tries += 1) {
      try {
        const answer = await this.#askSend(packets)
        const text = await answer.text()
        if (answer.status === 404) this.#end(1006)
        else if (answer.status === 200) this.#checkOk(text)
        else if (answer.status === 429) continue
        else this.emit('refused', answer.status, text)
        return
      } catch {
        this.retries += 1
      }
    }
  }

  #askSend(packets: string): Promise<Response> {
    const query = this.#query()
    if (this.mode.sends === 'POST')
      return this.#ask('send', query, { method: 'POST', body: packets })
    query.set('d', packets)
    return this.#ask('send', query)
  }

  #checkOk(text: string): void {
    if (this.#unwrap(text) !== '"OK"') this.emit('error', new Breach(`send: ${text}`))
  }

  #unwrap(text: string): string {
    const { requestPrefix, requestSuffix } = this.mode
    const [before, after] = [`${requestPrefix}(`, `)${requestSuffix}`]
    if (!text.startsWith(before) || !text.endsWith(after)) throw new Breach(`not wrapped: ${text}`)
    return text.slice(before.length, text.length - after.length)
  }

  #query(): URLSearchParams {
    return new URLSearchParams({ s: this.key, a: String(this.#lastId) })
  }

  #ask(
    action: string,
    query: URLSearchParams,
    init: { method?: string; body?: string; headers?: Record<string, string> } = {},
  ): Promise<Response> {
    const signals = action === 'comet' ? [this.#cometAbort.signal] : []
    return fetch(`${this.#base}/${action}?${query}`, {
      ...init,
      headers: { ...this.#headers, ...init.headers },
      signal: AbortSignal.any([this.#abort.signal, ...signals]),
    })
  }

  #paused(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  #pollLater(): Promise<void> {
    if (this.mode.pollMs === 0 || this.#isOver) return Promise.resolve()
    return new Promise((resolve) => setTimeout(resolve, this.mode.pollMs))
  }

  #end(code: number): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#abort.abort()
    this.#wake()
    this.emit('close', code, Buffer.alloc(0))
  }
}

/** The server broke the contract: asking again would not help. */
class Breach extends Error {
  override readonly name = 'Breach'
}

function parse(reader: BatchReader, text: string): ServerPacket[][] {
  try {
    return reader.push(text)
  } catch (cause) {
    throw new Breach(String(cause), { cause })
  }
}
