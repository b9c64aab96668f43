import { createHash, randomUUID } from 'node:crypto'
import { HookFailure, Refusal } from '../core/errors.ts'
import type { ProfileAnswer, Profiles, Telemetry } from '../core/ports.ts'
import { createAdmission } from './admission.ts'
import { ExchangeFailure, exchange, type RawAnswer } from './exchange.ts'
import { wantedAnswer } from './hints.ts'
import { badAnswer, badStatus, type HookCall, noAnswer } from './hook-failure.ts'
import { isObject, readJson } from './json-answer.ts'
import { onKeptLink } from './kept-link.ts'
import { createPools, type Pools } from './pools.ts'
import { readProfile } from './profile.ts'
import { createRemembered, type Remembered } from './remembered.ts'
import { createScrub } from './scrub.ts'
import type { ProfileSettings } from './settings.ts'

/** The app's profile URL. */
export interface HttpProfiles extends Profiles {
  /** Waits for the requests under way; whoever asks later hears `failed`. */
  close(): Promise<void>
}

/** What it may be given besides its settings. */
export interface ProfileParts {
  readonly telemetry?: Telemetry
  /** Unix milliseconds. */
  readonly now?: () => number
  /** Profiles remembered at most; default 10,000. */
  readonly maxRemembered?: number
}

/** Bodies of answers; what of it is public goes out with every message. */
const maxProfileBytes = 64 * 1024
const maxRemembered = 10_000
/** A refusal is what strangers cause: their tokens must not fill the log. */
const quietMs = 60_000

const refused: ProfileAnswer = Object.freeze({ outcome: 'refused' })
const failed: ProfileAnswer = Object.freeze({ outcome: 'failed' })

/** Asks the app whose token it is (spec/hipochat.md §1). Throws TypeError where `talkProfileUrl` is no URL. */
export function createProfiles(settings: ProfileSettings, parts: ProfileParts = {}): HttpProfiles {
  return new ProfilesOverHttp(settings, parts)
}

class ProfilesOverHttp implements HttpProfiles {
  readonly #settings: ProfileSettings
  readonly #url: URL
  readonly #telemetry: Telemetry | undefined
  readonly #now: () => number
  readonly #pools: Pools
  readonly #admission
  readonly #remembered: Remembered
  /** The request last begun for each token. */
  readonly #flights = new Map<string, Promise<ProfileAnswer>>()
  /** When each kind of refusal was last logged. */
  readonly #loggedAt = new Map<string, number>()
  #closed = false

  constructor(settings: ProfileSettings, parts: ProfileParts) {
    this.#settings = settings
    this.#url = new URL(settings.talkProfileUrl)
    this.#url.hash = ''
    this.#telemetry = parts.telemetry
    this.#now = parts.now ?? Date.now
    this.#pools = createPools(() => settings)
    this.#remembered = createRemembered({
      ttlMs: settings.talkProfileTtlMs,
      entries: parts.maxRemembered ?? maxRemembered,
      now: this.#now,
    })
    const limits = {
      inFlight: settings.maxHooksInFlight,
      waiting: settings.maxHooksWaiting,
      waitMs: settings.hookTimeoutMs,
    }
    // A line of its own: who sends made-up tokens must not hold up the hooks.
    this.#admission = createAdmission(
      () => limits,
      () => parts.telemetry?.limit('max-hooks-waiting'),
    )
  }

  async profile(token: string, how: 'remembered' | 'fresh'): Promise<ProfileAnswer> {
    if (!/^[!-~]{1,4096}$/.test(token)) return refused
    if (this.#closed) return failed
    const key = createHash('sha256').update(token).digest('base64')
    if (how === 'remembered') {
      const profile = this.#remembered.get(key)
      if (profile !== undefined) return { outcome: 'known', profile }
      const underWay = this.#flights.get(key)
      if (underWay !== undefined) return underWay
    }
    // A fresh one joins none under way: that may have been answered before whatever it is asked for.
    return this.#fly(key, token)
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#admission.idle()
    await this.#pools.close()
  }

  #fly(key: string, token: string): Promise<ProfileAnswer> {
    const flight = this.#answer(token).then((answer) => {
      // An older answer must not take the place of a newer one.
      if (this.#flights.get(key) !== flight) return answer
      this.#flights.delete(key)
      if (answer.outcome === 'known') this.#remembered.set(key, answer.profile)
      else if (answer.outcome === 'refused') this.#remembered.delete(key)
      return answer
    })
    this.#flights.set(key, flight)
    return flight
  }

  /** Never rejects. */
  async #answer(token: string): Promise<ProfileAnswer> {
    try {
      return await this.#admission.run(() => this.#ask(token))
    } catch (error) {
      // A full line has been counted as such.
      if (!(error instanceof Refusal)) this.#report(error)
      return failed
    }
  }

  async #ask(token: string): Promise<ProfileAnswer> {
    const call = this.#describe(token)
    const answer = await this.#send(call, token)
    if (isRefusal(answer.status))
      return this.#refuse(`status ${answer.status}`, badStatus(call, answer))
    if (answer.status !== 200) throw badStatus(call, answer)
    const object = readJson(call, answer)
    if (!isObject(object)) throw notObject(call, answer)
    const read = readProfile(object, token, this.#settings)
    if ('profile' in read) return { outcome: 'known', profile: read.profile }
    return this.#refuse('no user', noUser(call, { object, hint: read.hint }))
  }

  /** Throws HookFailure where no whole answer came, unless its status says enough. */
  async #send(call: HookCall, token: string): Promise<RawAnswer> {
    try {
      return await onKeptLink(call.timeoutMs, (timeoutMs) =>
        exchange(this.#pools.pool(this.#url), {
          method: 'GET',
          url: this.#url,
          headers: this.#headers(call, token),
          timeoutMs,
          maxBytes: maxProfileBytes,
        }),
      )
    } catch (error) {
      const partial = error instanceof ExchangeFailure ? error.answer : undefined
      if (partial !== undefined && isRefusal(partial.status)) return partial
      throw noAnswer(call, error)
    }
  }

  #headers(call: HookCall, token: string): string[] {
    const { userAgent = 'offhook', appHostHeader, hookOrigins } = this.#settings
    const headers = ['authorization', `Token ${token}`, 'accept', 'application/json']
    headers.push('accept-encoding', 'identity', 'user-agent', userAgent)
    headers.push('x-request-id', call.requestId)
    if (appHostHeader && hookOrigins.includes(this.#url.origin)) headers.push('host', appHostHeader)
    return headers
  }

  #describe(token: string): HookCall {
    const secrets = [token, ...this.#url.searchParams.values()]
    return {
      name: 'profile',
      requestId: `msg_${randomUUID().replaceAll('-', '')}`,
      timeoutMs: this.#settings.hookTimeoutMs,
      scrub: (text) => createScrub([...secrets, ...(this.#settings.otherSecrets ?? [])])(text),
    }
  }

  /** Logged once a minute for each cause. */
  #refuse(cause: string, why: HookFailure): ProfileAnswer {
    const now = this.#now()
    const loggedAt = this.#loggedAt.get(cause) ?? Number.NEGATIVE_INFINITY
    if (now - loggedAt >= quietMs) {
      this.#loggedAt.set(cause, now)
      this.#report(why)
    }
    return refused
  }

  #report(error: unknown): void {
    const stage = error instanceof HookFailure ? 'hook' : 'profile'
    this.#telemetry?.failure(stage, error, { hook: 'profile' })
  }
}

function notObject(call: HookCall, answer: RawAnswer): HookFailure {
  const hint = `Answer with ${wantedAnswer('profile')}.`
  return badAnswer(call, answer, {
    reason: 'wrong_shape',
    message: 'the profile is not an object',
    hint,
  })
}

/** Shows the names of what came, not the values: it is somebody's profile. */
function noUser(call: HookCall, { object, hint }: { object: object; hint: string }): HookFailure {
  const keys = call.scrub(Object.keys(object).slice(0, 20).join(', ')).slice(0, 200)
  return new HookFailure(
    {
      reason: 'wrong_shape',
      requestId: call.requestId,
      message: 'the profile names no user',
      hint,
    },
    { cause: new Error(`its keys are: ${keys}`) },
  )
}

/** Too many requests and the like say nothing of the token. */
function isRefusal(status: number): boolean {
  return status >= 400 && status < 500 && ![408, 425, 429].includes(status)
}
