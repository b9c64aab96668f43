import type { Connection } from './connection.ts'
import type { CoreParts } from './core.ts'
import { HookFailure, Refusal } from './errors.ts'
import type { GateName, Verdict } from './ports.ts'

/** A question to the app and for whom it is asked. */
export interface Question {
  readonly hook: GateName
  readonly form: readonly (readonly [field: string, value: string])[]
  /** The connection whose frame, or whose end, caused it: its cookies are carried. */
  readonly connection?: Connection
  readonly user?: string
  readonly channel?: string
}

/** Asks the app, reports what went wrong once, and turns it into what a client may know (G5: fail closed). */
export class GateKeeper {
  readonly #parts: CoreParts
  readonly #underWay = new Map<string, Promise<unknown>>()
  readonly #sendCookie: (connection: Connection, cookie: string) => void

  constructor(parts: CoreParts, sendCookie: (connection: Connection, cookie: string) => void) {
    this.#parts = parts
    this.#sendCookie = sendCookie
  }

  /** The app's verdict. Throws Refusal `app_failed` or `app_busy`: the action is refused, a repeat may succeed. */
  async ask(question: Question): Promise<Verdict> {
    const { connection } = question
    let verdict: Verdict
    try {
      verdict = await this.#parts.app.ask({
        hook: question.hook,
        form: question.form,
        ...(connection === undefined
          ? {}
          : { cookies: connection.cookies, address: connection.origin.address }),
        ...(connection?.token === undefined ? {} : { token: connection.token }),
        ...(question.user === undefined ? {} : { user: question.user }),
        ...(question.channel === undefined ? {} : { channel: question.channel }),
      })
    } catch (error) {
      throw this.#failed(question, error)
    }
    if (connection !== undefined) {
      for (const cookie of verdict.setCookies) this.#sendCookie(connection, cookie)
    }
    return verdict
  }

  /** As `ask`, for answers of which only yes or no counts: throws the app's refusal. */
  async pass(question: Question): Promise<Verdict> {
    const verdict = await this.ask(question)
    if (!verdict.allowed) throw refusalOf(verdict)
    return verdict
  }

  /** A well-formed answer had a value that cannot be used: reported with cause `bad_option`. */
  badAnswer(question: Question, verdict: Verdict, problem: string): Refusal {
    const failure = new HookFailure({
      reason: 'bad_option',
      requestId: verdict.requestId,
      message: problem,
      hint: 'correct this value in the hook’s answer',
    })
    return this.#failed(question, failure)
  }

  /** Whether `once` runs something under this key now. */
  isUnderWay(key: string): boolean {
    return this.#underWay.has(key)
  }

  /** Runs `act` unless it runs already under this key; then waits for that one and shares its outcome. */
  once<T>(key: string, act: () => Promise<T>): Promise<T> {
    const known = this.#underWay.get(key)
    if (known !== undefined) return known as Promise<T>
    const run = act().finally(() => this.#underWay.delete(key))
    this.#underWay.set(key, run)
    return run
  }

  #failed(question: Question, error: unknown): Refusal {
    if (error instanceof Refusal) return error
    const { hook, user, channel } = question
    this.#parts.telemetry.failure('hook', error, {
      hook,
      ...(user === undefined ? {} : { user }),
      ...(channel === undefined ? {} : { channel }),
    })
    return new Refusal('app_failed', this.#devText(error), { cause: error })
  }

  #devText(error: unknown): string | undefined {
    if (!this.#parts.settings.dev || !(error instanceof HookFailure)) return undefined
    return `Temporarily unavailable (${error.reason}, request ${error.requestId})`
  }
}

/** What the client sees of an answer `[false, {error}]`. */
export function refusalOf(verdict: Verdict): Refusal {
  const text = own(verdict.answer, 'error') ?? own(verdict.answer, 'msg')
  if (text === undefined || text === null || text === '') return new Refusal('unauthorized')
  return new Refusal('unauthorized', typeof text === 'string' ? text : JSON.stringify(text))
}

/** A key of the app's answer; `__proto__` and the like are never looked up on the prototype. */
export function own(answer: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(answer, key) ? answer[key] : undefined
}
