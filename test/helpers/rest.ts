/** How a REST call is written (spec/hookbox.md §6). */
export type RestForm = 'form' | 'query' | 'json'

export interface RestOptions {
  readonly form?: RestForm
  /** Before the method's name. */
  readonly path?: string
  readonly token?: string | null
  readonly headers?: Readonly<Record<string, string>>
}

export interface RestAnswer {
  readonly status: number
  readonly headers: Headers
  readonly ok: unknown
  readonly body: RestBody
}

/** Keys of REST answers. */
export interface RestBody {
  msg?: string
  offset?: number
  epoch?: string
  datetime?: string
  duplicate?: boolean
  name?: string
  channel_name?: string
  options?: ReadOptions
  subscribers?: string[]
  history?: unknown
  reflective?: boolean
  channels?: string[]
  connections?: string[]
  results?: RestBatchResult[]
  notices?: { id: string; kind: string; due: string; tries: number; body: unknown }[]
  next?: string
  waiting?: number
  dead?: number
  replayed?: boolean
  members?: { user: string; joined: string; read_offset: number; unread: number }[]
  rooms?: { channel_name: string; unread: number; members: number; closed: boolean }[]
  unread?: number
  read_offset?: number
}

/** Options as get_channel_info and get_user_info show them. */
export interface ReadOptions {
  history?: [string, { user?: string; payload?: unknown; datetime?: string }][]
  state?: unknown
  history_size?: number
  polling?: unknown
}

export interface RestBatchResult {
  ok?: boolean
  offset?: number
  epoch?: string
  error?: unknown
}

/** Fields that are text in every form of a call; all others are JSON values. */
const textFields = new Set([
  'after',
  'channel_name',
  'channel_names',
  'name',
  'user',
  'user_name',
  'originator',
  'send_hook',
  'id',
  'sender_name',
  'recipient_name',
  'key',
  'identifier',
  'security_token',
])

/** The web app's side of REST. */
export class Rest {
  readonly #origins: readonly string[]
  readonly #token: string
  #turn = 0

  /** Calls go to the origins in turn. */
  constructor(origins: readonly string[], token: string) {
    this.#origins = origins
    this.#token = token
    this.#turn = origins.length - 1
  }

  #origin(): string {
    const origin = this.#origins[this.#turn % this.#origins.length] ?? ''
    this.#turn += 1
    return origin
  }

  /** One call; `[ok, body]` taken apart. */
  async call(
    method: string,
    fields: Readonly<Record<string, unknown>> = {},
    options: RestOptions = {},
  ): Promise<RestAnswer> {
    const form = options.form ?? 'form'
    const token = options.token === undefined ? this.#token : options.token
    const all = token === null ? fields : { ...fields, security_token: token }
    const url = `${this.#origin()}${options.path ?? '/web/'}${method}`
    const response = await fetch(...request({ url, form, fields: all, headers: options.headers }))
    const [ok, body] = (await response.json()) as [unknown, RestBody]
    return { status: response.status, headers: response.headers, ok, body }
  }

  /** A call that must succeed; answers the object. */
  async ok(method: string, fields: Readonly<Record<string, unknown>> = {}): Promise<RestBody> {
    const answer = await this.call(method, fields)
    if (answer.ok !== true)
      throw new Error(`${method} ${JSON.stringify(fields)} refused: ${JSON.stringify(answer.body)}`)
    return answer.body
  }

  /** A call that must be refused; answers the message. */
  async refused(method: string, fields: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const answer = await this.call(method, fields)
    if (answer.ok !== false) throw new Error(`${method} ${JSON.stringify(fields)} was not refused`)
    return answer.body.msg ?? ''
  }

  /** Publishes a value, as nobody. */
  publish(channel: string, value: unknown): Promise<RestBody> {
    return this.ok('publish', { channel_name: channel, payload: value })
  }

  /** Creates a channel without asking the app. */
  create(channel: string, options: Readonly<Record<string, unknown>> = {}): Promise<RestBody> {
    return this.ok('create_channel', { channel_name: channel, ...options })
  }
}

function request(call: {
  url: string
  form: RestForm
  fields: Readonly<Record<string, unknown>>
  headers: Readonly<Record<string, string>> | undefined
}): [string, RequestInit] {
  if (call.form === 'json') {
    const headers = { 'Content-Type': 'application/json', ...call.headers }
    return [call.url, { method: 'POST', headers, body: JSON.stringify(call.fields) }]
  }
  const text = new URLSearchParams(
    Object.entries(call.fields).map(([key, value]): [string, string] => [
      key,
      fieldText(key, value),
    ]),
  )
  if (call.form === 'query') return [`${call.url}?${text}`, { headers: { ...call.headers } }]
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded', ...call.headers }
  return [call.url, { method: 'POST', headers, body: text.toString() }]
}

function fieldText(key: string, value: unknown): string {
  return textFields.has(key) ? String(value) : JSON.stringify(value)
}
