import { Refusal } from '../core/errors.ts'
import type { App, Clock, Leases, Notice, NoticeResult, Outbox, Telemetry } from '../core/ports.ts'

/** What the worker stands on. */
export interface OutboxParts {
  readonly outbox: Pick<Outbox, 'due' | 'settle'>
  readonly app: Pick<App, 'tell'>
  readonly clock: Clock
  readonly telemetry: Telemetry
  /** With several nodes: the one that holds the lease looks into the outbox. */
  readonly lease?: { readonly leases: Leases; readonly owner: string }
}

/** On whose behalf a notice is sent the first time. */
interface NoticeContext {
  readonly cookies?: string
  readonly token?: string
  readonly address?: string
}

/** Sends what commits have put into the outbox. */
export interface OutboxWorker {
  /**
   * The first try of a notice that this node has just written, with the cookies that the store must not see. Resolves
   * when the outcome is settled; never rejects: what failed stays in the outbox. Does nothing after `stop`.
   */
  send(notice: Notice, context: NoticeContext): Promise<void>
  /** Looks for due notices now rather than at the next interval. */
  wake(): void
  /** Sends nothing new, waits for what is under way. */
  stop(): Promise<void>
}

/** After the first, second … failed try; after the last one a notice is dead. */
const retryDelaysMs = [5_000, 30_000, 120_000, 600_000]

const intervalMs = 1000
const maxIntervalMs = 30_000
const leaseTtlMs = 30_000
const leaseName = 'outbox'
/** At once; further ones wait in the store, so a backlog does not fill the line that gates wait in. */
const concurrency = 32

/** Starts looking for due notices each second. Tries: at once, after 5 s, 30 s, 2 min, 10 min. */
export function startOutboxWorker(parts: OutboxParts): OutboxWorker {
  return new Worker(parts)
}

class Worker implements OutboxWorker {
  readonly #parts: OutboxParts
  /** Notices under way on this node, which `due` still shows. */
  readonly #sending = new Map<string, Promise<void>>()
  #cancelTimer: () => void = () => undefined
  #round: Promise<void> | undefined
  #again = false
  #failedRounds = 0
  /** Why a round ends though notices are due: trying on at once would only add to the trouble. */
  #trouble: 'none' | 'app_busy' | 'store' = 'none'
  #stopped = false

  constructor(parts: OutboxParts) {
    this.#parts = parts
    this.#schedule()
  }

  send(notice: Notice, context: NoticeContext): Promise<void> {
    const underWay = this.#sending.get(notice.id)
    if (underWay !== undefined) return underWay
    if (this.#stopped) return Promise.resolve()
    const sent = this.#try(notice, context).finally(() => this.#sending.delete(notice.id))
    this.#sending.set(notice.id, sent)
    return sent
  }

  wake(): void {
    if (this.#round !== undefined) this.#again = true
    else if (!this.#stopped) this.#startRound()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancelTimer()
    await this.#round
    await Promise.all(this.#sending.values())
    await this.#releaseLease()
  }

  #schedule(): void {
    const waitMs = Math.min(intervalMs * 2 ** this.#failedRounds, maxIntervalMs)
    this.#cancelTimer()
    this.#cancelTimer = this.#parts.clock.after(waitMs, () => this.wake())
  }

  #startRound(): void {
    this.#again = false
    this.#round = this.#sendDue()
      .then(
        () => {
          this.#failedRounds = this.#trouble === 'store' ? this.#failedRounds + 1 : 0
        },
        (error: unknown) => {
          this.#failedRounds += 1
          this.#parts.telemetry.failure('outbox', error)
        },
      )
      .finally(() => {
        this.#round = undefined
        if (this.#stopped) return
        if (this.#again) this.#startRound()
        else this.#schedule()
      })
  }

  /** Until nothing is due, the app is busy or the worker stops. */
  async #sendDue(): Promise<void> {
    this.#trouble = 'none'
    while (!this.#stopped && this.#trouble === 'none' && (await this.#holdsLease())) {
      const limit = concurrency + this.#sending.size
      const due = await this.#parts.outbox.due({ now: this.#parts.clock.now(), limit })
      const notices = due.filter((notice) => !this.#sending.has(notice.id)).slice(0, concurrency)
      if (notices.length === 0 || this.#stopped) return
      // Retries carry no cookies: the store has none (spec/safety.md §1).
      await Promise.all(notices.map((notice) => this.send(notice, {})))
    }
  }

  async #try(notice: Notice, context: NoticeContext): Promise<void> {
    const result = await this.#tell(notice, context)
    if (result === undefined) return
    try {
      await this.#parts.outbox.settle(notice.id, result)
    } catch (error) {
      // It is still in the outbox, so the app is told again: at least once.
      this.#parts.telemetry.failure('outbox', error, { request: notice.id })
      this.#trouble = 'store'
    }
  }

  /** What became of the try; `undefined` where there was none. */
  async #tell(notice: Notice, context: NoticeContext): Promise<NoticeResult | undefined> {
    const { app, clock, telemetry } = this.#parts
    try {
      await app.tell(notice, context)
      return { result: 'done' }
    } catch (error) {
      if (error instanceof Refusal && error.code === 'app_busy') {
        this.#trouble = 'app_busy'
        return undefined
      }
      const delayMs = retryDelaysMs[notice.tries]
      const next = delayMs === undefined ? 'none, it is kept as dead' : `in ${delayMs / 1000} s`
      telemetry.failure('hook', error, { hook: notice.kind, request: notice.id, retry: next })
      return delayMs === undefined
        ? { result: 'dead' }
        : { result: 'retry', due: clock.now() + delayMs }
    }
  }

  async #holdsLease(): Promise<boolean> {
    const { lease } = this.#parts
    return lease === undefined || lease.leases.acquire(leaseName, lease.owner, leaseTtlMs)
  }

  async #releaseLease(): Promise<void> {
    const { lease, telemetry } = this.#parts
    if (lease === undefined) return
    await lease.leases
      .release(leaseName, lease.owner)
      .catch((error: unknown) => telemetry.failure('outbox', error))
  }
}
