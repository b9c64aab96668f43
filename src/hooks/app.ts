import { randomUUID } from 'node:crypto'
import { Failure, Refusal } from '../core/errors.ts'
import type { App, Gate, Notice, Telemetry, Verdict } from '../core/ports.ts'
import { createAdmission } from './admission.ts'
import type { CallName } from './call-name.ts'
import { ExchangeFailure, exchange, type RawAnswer } from './exchange.ts'
import { badStatus, type HookCall, noAnswer } from './hook-failure.ts'
import { buildHookRequest, type HookContent, type HookRequest } from './hook-request.ts'
import { type HookName, hookPaths, hookUrl } from './hook-url.ts'
import { onKeptLink } from './kept-link.ts'
import { disconnectForm } from './notice-form.ts'
import { createPools, type Pools } from './pools.ts'
import { type ProbeResult, probeApp } from './probe.ts'
import { buildPushRequest, pushUrl } from './push-request.ts'
import { createScrub } from './scrub.ts'
import type { HookSettings } from './settings.ts'
import { readVerdict } from './verdict.ts'

/** The app over HTTP. */
export interface HttpApp extends App {
  /** One link to the app, no request: is it there? Never throws. */
  probe(): Promise<ProbeResult>
  /** Takes effect with the next hook. Throws TypeError, and changes nothing, where it makes no URL. */
  configure(change: Partial<HookSettings>): void
  /** Waits for the hooks under way; further ones are refused. */
  close(): Promise<void>
}

/** What the app may be given besides its settings. */
export interface AppParts {
  readonly telemetry?: Telemetry
  /** Unix milliseconds, for `webhook-timestamp`. */
  readonly now?: () => number
  /** Sees each try as it went over the wire, secrets included: for `offhook hook`. */
  readonly observe?: { request(request: HookRequest): void; answer(answer: RawAnswer): void }
}

/** The hooks of spec/hookbox.md §5 by HTTP. Settings that make no URL throw TypeError. */
export function createApp(settings: HookSettings, parts: AppParts = {}): HttpApp {
  return new AppOverHttp(settings, parts)
}

class AppOverHttp implements HttpApp {
  #settings: HookSettings
  readonly #parts: AppParts
  readonly #pools: Pools
  readonly #admission
  #closed = false

  constructor(settings: HookSettings, parts: AppParts) {
    allUrls(settings)
    this.#settings = settings
    this.#parts = parts
    this.#pools = createPools(() => this.#settings)
    this.#admission = createAdmission(
      () => ({
        inFlight: this.#settings.maxHooksInFlight,
        waiting: this.#settings.maxHooksWaiting,
        waitMs: this.#settings.hookTimeoutMs,
      }),
      () => parts.telemetry?.limit('max-hooks-waiting'),
    )
  }

  ask(gate: Gate): Promise<Verdict> {
    const id = `msg_${randomUUID().replaceAll('-', '')}`
    const { hook, form, cookies, token, address } = gate
    return this.#call(hookCall({ hook, id, form, cookies, token, address }), readVerdict)
  }

  async tell(
    notice: Notice,
    context: { cookies?: string; token?: string; address?: string },
  ): Promise<void> {
    await this.#call(noticeCall(notice, context), expectSuccess)
  }

  probe(): Promise<ProbeResult> {
    return probeApp(this.#settings)
  }

  configure(change: Partial<HookSettings>): void {
    const settings = { ...this.#settings, ...change }
    const urls = allUrls(settings)
    this.#settings = settings
    this.#pools.keepOnly(urls)
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#admission.idle()
    await this.#pools.close()
  }

  /** One request in its turn, its answer read by `read`. */
  #call<T>(outgoing: Outgoing, read: (call: HookCall, answer: RawAnswer) => T): Promise<T> {
    if (this.#closed) return Promise.reject(new Refusal('app_busy'))
    return this.#admission.run(async () => {
      // What set_config changes meanwhile concerns the next hook only.
      const settings = this.#settings
      const call = describeCall(settings, outgoing)
      let answer: RawAnswer
      try {
        answer = await onKeptLink(settings.hookTimeoutMs, (timeoutMs) =>
          this.#try(settings, outgoing, timeoutMs),
        )
      } catch (error) {
        throw noAnswer(call, error)
      }
      return read(call, answer)
    })
  }

  #try(settings: HookSettings, outgoing: Outgoing, timeoutMs: number): Promise<RawAnswer> {
    const nowMs = this.#parts.now?.() ?? Date.now()
    const request = outgoing.build(settings, Math.floor(nowMs / 1000))
    const { observe } = this.#parts
    observe?.request(request)
    const answer = exchange(this.#pools.pool(request.url), {
      method: 'POST',
      ...request,
      timeoutMs,
      maxBytes: settings.maxHookAnswerBytes,
    })
    return observe === undefined ? answer : observed(answer, observe.answer)
  }
}

async function observed(
  coming: Promise<RawAnswer>,
  observe: (answer: RawAnswer) => void,
): Promise<RawAnswer> {
  try {
    const answer = await coming
    observe(answer)
    return answer
  } catch (error) {
    if (error instanceof ExchangeFailure && error.answer) observe(error.answer)
    throw error
  }
}

/** A request to be made for each try. */
interface Outgoing {
  readonly name: CallName
  readonly id: string
  /** Secrets of the connection on whose behalf it is sent. */
  readonly cookies?: string | undefined
  readonly token?: string | undefined
  /** `timestamp` in seconds. */
  build(settings: HookSettings, timestamp: number): HookRequest
}

function hookCall(content: HookContent): Outgoing {
  const { hook, id, cookies, token } = content
  const build: Outgoing['build'] = (settings, timestamp) =>
    buildHookRequest(settings, content, timestamp)
  return { name: hook, id, cookies, token, build }
}

/** Throws Failure for a notice that is no request. */
function noticeCall(
  notice: Notice,
  context: { cookies?: string; token?: string; address?: string },
): Outgoing {
  switch (notice.kind) {
    case 'disconnect':
      return hookCall({
        hook: 'disconnect',
        id: notice.id,
        form: disconnectForm(notice),
        ...context,
      })
    case 'push_call':
      return {
        name: 'push',
        id: notice.id,
        build: (settings, timestamp) => buildPushRequest(settings, notice, timestamp),
      }
    case 'push':
      throw new Failure('notice', 'a push is expanded into calls, not sent')
    default:
      return notice.kind satisfies never
  }
}

function describeCall(settings: HookSettings, { name, id, cookies, token }: Outgoing): HookCall {
  return {
    name,
    requestId: id,
    timeoutMs: settings.hookTimeoutMs,
    // Few answers are ever shown.
    scrub: (text) => createScrub([...secretsOf(settings, name), token ?? ''], cookies)(text),
  }
}

function secretsOf(settings: HookSettings, name: Outgoing['name']): string[] {
  const { hookSecret, signingSecret, otherSecrets = [] } = settings
  // Whoever has no better way to know Offhook puts a key into the URL, and error pages say the URL.
  const keys = name === 'push' ? (pushUrl(settings)?.searchParams.values() ?? []) : []
  return [hookSecret, ...signingSecret, ...otherSecrets, ...keys]
}

/** A notice asks nothing: whatever a success says is ignored (spec/hookbox.md §5, `disconnect`). */
function expectSuccess(call: HookCall, answer: RawAnswer): void {
  if (answer.status < 200 || answer.status > 299) throw badStatus(call, answer)
}

function allUrls(settings: HookSettings): URL[] {
  const push = pushUrl(settings)
  const hooks = Object.keys(hookPaths).map((hook) => hookUrl(settings, hook as HookName))
  return push === undefined ? hooks : [...hooks, push]
}
