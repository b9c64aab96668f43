import type { ServerPacket } from '../helpers/csp-batches.ts'

/** One answer of the transport as it came. */
export interface Told {
  readonly status: number
  readonly text: string
  readonly headers: Headers
}

export interface CallOptions {
  readonly method?: string
  readonly body?: string | Buffer
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

/** Requests under /csp, one at a time. */
export class CspCalls {
  readonly #url: string

  constructor(url: string) {
    this.#url = url
  }

  /** `query` is sent as it stands. */
  async call(action: string, query = '', options: CallOptions = {}): Promise<Told> {
    const answer = await fetch(`${this.#url}/csp/${action}?${query}`, {
      ...options,
      body: options.body === undefined ? null : new Uint8Array(Buffer.from(options.body)),
    })
    return { status: answer.status, headers: answer.headers, text: await answer.text() }
  }

  /** The key of a new session. */
  async handshake(query = '', options: CallOptions = {}): Promise<string> {
    const { status, text } = await this.call('handshake', query, options)
    if (status !== 200) throw new Error(`handshake: ${status} ${text}`)
    return (JSON.parse(/\((.*)\)/.exec(text)?.[1] ?? '') as { session: string }).session
  }

  /** The packets of one comet answer without prefix and suffix. */
  async comet(key: string, query = ''): Promise<ServerPacket[]> {
    const { status, text } = await this.call('comet', `s=${key}&${query}`)
    if (status !== 200) throw new Error(`comet: ${status} ${text}`)
    return JSON.parse(text.trim().slice(1, -1)) as ServerPacket[]
  }

  /** Sends packets as POST; the status and text of the answer. */
  async send(key: string, packets: unknown, query = ''): Promise<[status: number, text: string]> {
    const body = typeof packets === 'string' ? packets : JSON.stringify(packets)
    const { status, text } = await this.call('send', `s=${key}&${query}`, { method: 'POST', body })
    return [status, text]
  }
}
