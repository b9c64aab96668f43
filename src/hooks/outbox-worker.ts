import { Refusal } from '../core/errors.ts'
import type { App, Clock, Leases, Notice, NoticeResult, Outbox, Telemetry } from '../core/ports.ts'
import { type ExpansionParts, Expansions } from './expansions.ts'

/** What the worker stands on. */
export interface OutboxParts extends ExpansionParts {
  readonly outbox: Pick<Outbox, 'due' | 'settle' | 'replace'>
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

/** Sends what commits have put into the outbox; a push is not sent itself, but expanded into calls. */
export interface OutboxWorker {
  /**
   * The first try of a notice that this node has just written, with the cookies that the store must not see. Resolves
   * when the outcome is settled; never rejects: what failed stays in the outbox. Does nothing after `stop`.
   */
  send(notice: Notice, context: NoticeContext): Promise<void>
  /** Looks for due notices now rather than at the next interval; many calls at once are one look. */
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

/** What the log and the metrics call a request. */
const hookNames = { disconnect: 'disconnect', push_call: 'push' } as const

/** Starts looking for due notices each second. Tries: at once, after 5 s, 30 s, 2 min, 10 min. */
export function startOutboxWorker(parts: OutboxParts): OutboxWorker {
  return new Worker(parts)
}

class Worker implements OutboxWorker {
  readonly #parts: OutboxParts
  readonly #expansions: Expansions
  /** Notices under way on this node, which `due` still shows. */
  readonly #sending = new Map<string, Promise<void>>()
  /** Those that have ended since the look under way began: what it reads may be older than their ends. */
  readonly #ended = new Set<string>()
  /** How many of them were found due: the others are first tries. */
  #found = 0
  #cancelTimer: () => void = () => undefined
  #look: Promise<void> | undefined
  #again = false
  /** The last look left some behind that were due. */
  #more = false
  /** Trying on at once would only add to a busy app's or failing store's trouble. */
  #trouble = false
  /** How often in a row the store failed; each time the next look waits longer. */
  #failures = 0
  /** Whether the store took every outcome since the last look. */
  #settled: 'all' | 'not all' = 'all'
  #stopped = false

  constructor(parts: OutboxParts) {
    this.#parts = parts
    this.#expansions = new Expansions(parts)
    this.#schedule()
  }

  send(notice: Notice, context: NoticeContext): Promise<void> {
    const underWay = this.#sending.get(notice.id)
    if (underWay !== undefined) return underWay
    if (this.#stopped) return Promise.resolve()
    const sent = this.#try(notice, context).finally(() => {
      this.#sending.delete(notice.id)
      if (this.#look !== undefined) this.#ended.add(notice.id)
    })
    this.#sending.set(notice.id, sent)
    return sent
  }

  wake(): void {
    if (this.#look !== undefined) this.#again = true
    else if (!this.#stopped) this.#startLook()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancelTimer()
    await this.#look
    await Promise.all(this.#sending.values())
    await this.#releaseLease()
  }

  #schedule(): void {
    const waitMs = Math.min(intervalMs * 2 ** this.#failures, maxIntervalMs)
    this.#cancelTimer()
    this.#cancelTimer = this.#parts.clock.after(waitMs, () => this.wake())
  }

  #startLook(): void {
    this.#again = false
    this.#trouble = false
    this.#cancelTimer()
    this.#look = this.#begin()
      .then(
        () => {
          if (this.#settled === 'all') this.#failures = 0
          this.#settled = 'all'
        },
        (error: unknown) => {
          this.#failures += 1
          this.#parts.telemetry.failure('outbox', error)
        },
      )
      .finally(() => {
        this.#look = undefined
        if (this.#stopped) return
        if (this.#again) this.#startLook()
        else this.#schedule()
      })
  }

  /** Begins what is due, as far as there is room; whatever ends makes room for the next, so that a slow one holds up none. */
  async #begin(): Promise<void> {
    if (this.#stopped || !(await this.#holdsLease())) return
    const room = concurrency - this.#found
    this.#more = room === 0
    if (room === 0) return
    const limit = room + this.#sending.size
    this.#ended.clear()
    const due = await this.#parts.outbox.due({ now: this.#parts.clock.now(), limit })
    if (this.#stopped) return
    this.#more = due.length === limit
    const notices = due
      .filter(({ id }) => !this.#sending.has(id) && !this.#ended.has(id))
      .slice(0, room)
    for (const notice of notices) {
      this.#found += 1
      // Retries carry no cookies: the store has none (spec/safety.md §1).
      void this.send(notice, {}).then(() => this.#made(notice))
    }
  }

  /** Room for the next. An expansion may have put calls into the outbox, which are due as well. */
  #made({ kind }: Notice): void {
    this.#found -= 1
    if (!this.#trouble && (this.#more || kind === 'push')) this.wake()
  }

  async #try(notice: Notice, context: NoticeContext): Promise<void> {
    const result = await this.#tell(notice, context)
    if (result === undefined) return
    try {
      await this.#parts.outbox.settle(notice.id, result)
    } catch (error) {
      // It is still in the outbox, so the app is told again: at least once.
      this.#parts.telemetry.failure('outbox', error, { request: notice.id })
      this.#backOff()
    }
  }

  #backOff(): void {
    // Many fail together: that is one failure of the store.
    if (this.#settled === 'all') this.#failures += 1
    this.#settled = 'not all'
    this.#trouble = true
    if (this.#look === undefined && !this.#stopped) this.#schedule()
  }

  /** What became of the try; `undefined` where there is nothing to settle. */
  async #tell(notice: Notice, context: NoticeContext): Promise<NoticeResult | undefined> {
    try {
      if (notice.kind === 'push') return await this.#expansions.run(notice).then(() => undefined)
      await this.#parts.app.tell(notice, context)
      return { result: 'done' }
    } catch (error) {
      if (error instanceof Refusal && error.code === 'app_busy') {
        this.#trouble = true
        return undefined
      }
      return this.#failed(notice, error)
    }
  }

  #failed(notice: Notice, error: unknown): NoticeResult {
    const { clock, telemetry } = this.#parts
    const delayMs = retryDelaysMs[notice.tries]
    const retry = delayMs === undefined ? 'none, it is kept as dead' : `in ${delayMs / 1000} s`
    const context = { request: notice.id, retry }
    if (notice.kind === 'push') telemetry.failure('push', error, context)
    else telemetry.failure('hook', error, { hook: hookNames[notice.kind], ...context })
    return delayMs === undefined
      ? { result: 'dead' }
      : { result: 'retry', due: clock.now() + delayMs }
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
