import type { TalkMessage } from './talk-client.ts'

/** Who calls, and how that is said. */
export interface Caller {
  /** A user's token, as `Authorization: Token …`. */
  readonly token?: string
  /** The API token, as a Bearer. */
  readonly api?: string
  readonly headers?: Readonly<Record<string, string>>
}

export interface TalkAnswer {
  readonly status: number
  readonly text: string
  readonly body: TalkBody
}

/** Keys of the answers of spec/hipochat.md §3. */
export interface TalkBody {
  readonly oldy?: readonly TalkMessage[]
  readonly results?: unknown
  readonly notification?: number | string | null
  readonly chat?: { readonly token: string }
  readonly error?: string
}

/** `results` of /talk/old/. */
export interface Split {
  readonly read_messages: readonly TalkMessage[]
  readonly unread_messages: readonly TalkMessage[]
}

/** One of the `results` of /talk/history/. */
export interface Recent {
  readonly room_name: string
  readonly unread_count: number
  readonly messages: readonly TalkMessage[]
}

/** What is sent: a form, exactly this text, or any other value as JSON. */
type Sent = URLSearchParams | { readonly text: string } | { readonly json: unknown }

/** The HTTP side of the talk endpoints; calls go to the nodes in turn. */
export class TalkHttp {
  readonly #origins: readonly string[]
  #turn: number

  constructor(origins: readonly string[]) {
    this.#origins = origins
    this.#turn = origins.length - 1
  }

  get(path: string, caller: Caller = {}): Promise<TalkAnswer> {
    return this.#call(path, { headers: headersOf(caller) })
  }

  post(path: string, sent: Sent, caller: Caller = {}): Promise<TalkAnswer> {
    const headers = headersOf(caller)
    if (sent instanceof URLSearchParams) {
      headers.set('Content-Type', 'application/x-www-form-urlencoded')
      return this.#call(path, { method: 'POST', headers, body: sent.toString() })
    }
    if (!headers.has('Content-Type')) headers.set('Content-Type', 'application/json')
    const body = 'text' in sent ? sent.text : JSON.stringify(sent.json)
    return this.#call(path, { method: 'POST', headers, body })
  }

  async #call(path: string, request: RequestInit): Promise<TalkAnswer> {
    const origin = this.#origins[this.#turn++ % this.#origins.length] ?? ''
    const response = await fetch(`${origin}${path}`, request)
    const text = await response.text()
    return { status: response.status, text, body: JSON.parse(text) as TalkBody }
  }
}

function headersOf({ token, api, headers }: Caller): Headers {
  const all = new Headers(headers)
  if (token !== undefined) all.set('Authorization', `Token ${token}`)
  if (api !== undefined) all.set('Authorization', `Bearer ${api}`)
  return all
}
