import { createHmac } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Answer, HookCall, RawAnswer, TestApp } from './app.ts'
import { Inbox } from './inbox.ts'

/** One call to the push URL (spec/hipochat.md §5). */
export interface PushCall {
  readonly headers: IncomingHttpHeaders
  /** The body as it came. */
  readonly text: string
  readonly body: PushBody
}

export interface PushBody {
  readonly chat_token: string
  readonly receivers: readonly string[]
  readonly type: string
  readonly author: unknown
  readonly body: unknown
  readonly id: string
  readonly timestamp: number
  readonly unread: Readonly<Record<string, number>>
  readonly count?: number
}

type PushHandler = (call: PushCall) => RawAnswer | Promise<RawAnswer>

/** The chat's side of a web app: knows tokens, is told whom to notify. Its paths are `/profile` and `/push`. */
export class TalkBackend {
  /** What a token's profile request is answered with; `token-of-NAME` needs no entry. */
  readonly profiles = new Map<string, object>()
  /** Tokens that are refused from now on. */
  readonly refused = new Set<string>()
  readonly pushes = new Inbox<PushCall>(({ text }) => text)
  /** Tokens of the profile requests so far, in order. */
  readonly asked: string[] = []
  #onPush: PushHandler = () => ({ status: 200 })
  #onProfile: ((token: string) => RawAnswer | Promise<RawAnswer> | undefined) | undefined

  /** Adds the paths to an app. */
  serve(app: TestApp): void {
    app.route('/profile', (call) => this.#profile(call))
    app.route('/push', (call) => this.#push(call))
  }

  /** How pushes are answered from now on. */
  answerPushes(how: RawAnswer | PushHandler): void {
    this.#onPush = typeof how === 'function' ? how : () => how
  }

  /** Answers profile requests in place of what the maps say; `undefined`: as they say. */
  answerProfiles(how: (token: string) => RawAnswer | Promise<RawAnswer> | undefined): void {
    this.#onProfile = how
  }

  /** The next push that no test has looked at (of which `matches` is true). */
  async nextPush(matches: (body: PushBody) => boolean = () => true): Promise<PushBody> {
    return (await this.pushes.next('push', ({ body }) => matches(body))).body
  }

  /** `RECEIVER BODY` of all pushes so far, tries included, sorted. */
  get told(): string[] {
    return this.pushes.all
      .flatMap(({ body }) => body.receivers.map((user) => `${user} ${JSON.stringify(body.body)}`))
      .sort()
  }

  async #profile({ headers }: HookCall): Promise<Answer> {
    const token = /^Token (.*)$/.exec(headers.authorization ?? '')?.[1] ?? ''
    this.asked.push(token)
    const own = await this.#onProfile?.(token)
    if (own !== undefined) return own
    if (this.refused.has(token)) return { status: 403 }
    const user = /^token-of-(.+)$/.exec(token)?.[1]
    const profile = this.profiles.get(token) ?? (user === undefined ? undefined : profileOf(user))
    return profile === undefined ? { status: 403 } : { status: 200, body: JSON.stringify(profile) }
  }

  async #push({ headers, body: text }: HookCall): Promise<Answer> {
    const call = { headers, text, body: JSON.parse(text) as PushBody }
    this.pushes.push(call)
    return this.#onPush(call)
  }
}

/** The token of a user whom the backend knows by itself. */
export function tokenOf(user: string): string {
  return `token-of-${user}`
}

/** What such a user's profile shows to others. */
export function shownProfile(user: string): object {
  return { id: user, name: `The ${user}` }
}

function profileOf(user: string): object {
  return { ...shownProfile(user), phone: `phone-of-${user}`, auth_token: tokenOf(user) }
}

/** The signature that a call must carry, as the Standard Webhooks specification says. */
export function signatureOf(secret: string, { headers, text }: PushCall): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${text}`
  return `v1,${createHmac('sha256', key).update(signed).digest('base64')}`
}
