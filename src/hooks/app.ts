import { randomUUID } from 'node:crypto'
import { Failure, Refusal } from '../core/errors.ts'
import type { App, Gate, Notice, Telemetry, Verdict } from '../core/ports.ts'
import { createAdmission } from './admission.ts'
import { ExchangeFailure, exchange, type RawAnswer } from './exchange.ts'
import { badStatus, errorCode, type HookCall, noAnswer } from './hook-failure.ts'
import { buildHookRequest, type HookContent, type HookRequest } from './hook-request.ts'
import { type HookName, hookPaths, hookUrl } from './hook-url.ts'
import { disconnectForm } from './notice-form.ts'
import { createPools, type Pools } from './pools.ts'
import { type ProbeResult, probeApp } from './probe.ts'
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
    return this.#call({ hook, id, form, cookies, token, address }, readVerdict)
  }

  async tell(
    notice: Notice,
    context: { cookies?: string; token?: string; address?: string },
  ): Promise<void> {
    if (notice.kind !== 'disconnect')
      throw new Failure('notice', `no hook tells of a ${notice.kind}`)
    const form = disconnectForm(notice)
    await this.#call({ hook: 'disconnect', id: notice.id, form, ...context }, expectSuccess)
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

  /** One hook in its turn, read by `read`. */
  #call<T>(content: HookContent, read: (call: HookCall, answer: RawAnswer) => T): Promise<T> {
    if (this.#closed) return Promise.reject(new Refusal('app_busy'))
    return this.#admission.run(async () => {
      // What set_config changes meanwhile concerns the next hook only.
      const settings = this.#settings
      const call = describeCall(settings, content)
      const answer = await this.#send(settings, content).catch((error: unknown) => {
        throw noAnswer(call, error)
      })
      return read(call, answer)
    })
  }

  async #send(settings: HookSettings, content: HookContent): Promise<RawAnswer> {
    const started = performance.now()
    try {
      return await this.#try(settings, content, settings.hookTimeoutMs)
    } catch (error) {
      const leftMs = settings.hookTimeoutMs - (performance.now() - started)
      if (!(lostKeptLink(error) && leftMs > 0)) throw error
      return await this.#try(settings, content, leftMs)
    }
  }

  async #try(settings: HookSettings, content: HookContent, timeoutMs: number): Promise<RawAnswer> {
    const nowMs = this.#parts.now?.() ?? Date.now()
    const request = buildHookRequest(settings, content, Math.floor(nowMs / 1000))
    this.#parts.observe?.request(request)
    const answer = await exchange(this.#pools.pool(request.url), {
      method: 'POST',
      ...request,
      timeoutMs,
      maxBytes: settings.maxHookAnswerBytes,
    }).catch((error: unknown) => {
      if (error instanceof ExchangeFailure && error.answer)
        this.#parts.observe?.answer(error.answer)
      throw error
    })
    this.#parts.observe?.answer(answer)
    return answer
  }
}

function describeCall(settings: HookSettings, content: HookContent): HookCall {
  const secrets = [settings.hookSecret, ...settings.signingSecret, ...(settings.otherSecrets ?? [])]
  return {
    hook: content.hook,
    requestId: content.id,
    timeoutMs: settings.hookTimeoutMs,
    scrub: (text) => createScrub([...secrets, content.token ?? ''], content.cookies)(text),
  }
}

/** A notice asks nothing: whatever a success says is ignored (spec/hookbox.md §5, `disconnect`). */
function expectSuccess(call: HookCall, answer: RawAnswer): void {
  if (answer.status < 200 || answer.status > 299) throw badStatus(call, answer)
}

/**
 * Whether the app closed a kept link just as the hook was written to it: no fault of either side, and the hook may be
 * repeated under its id (spec/hipochat.md §6). A new link that is closed without an answer is a failure.
 */
function lostKeptLink(error: unknown): boolean {
  if (!(error instanceof ExchangeFailure) || error.reason !== 'connection' || error.answer)
    return false
  const code = errorCode(error.cause)
  if (code === 'ECONNRESET' || code === 'EPIPE') return true
  return code === 'UND_ERR_SOCKET' && bytesRead(error.cause) > 0
}

function bytesRead(error: unknown): number {
  const socket = (error as { socket?: { bytesRead?: number } | null }).socket
  return socket?.bytesRead ?? 0
}

function allUrls(settings: HookSettings): URL[] {
  return Object.keys(hookPaths).map((hook) => hookUrl(settings, hook as HookName))
}
