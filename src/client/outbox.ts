import type { FrameArgs } from './frames.ts'
import { clientError, type OffhookError } from './offhook-error.ts'

/** A frame that waits to be sent or answered. */
export interface Wish {
  readonly name: string
  /** JSON text of the arguments: what the page changes later does not change it. */
  readonly json: string
  /**
   * What a lost link means for a frame that was sent: `repeat` sends it again on the next one (its id, or its
   * nature, makes that harmless); `once` fails it, as nobody knows what became of it.
   */
  readonly repeat: 'repeat' | 'once'
  /** Whether a refusal that may pass is waited out here or left to the caller. */
  readonly onRetry: 'wait' | 'fail'
  /** Wishes of one lane keep their order. */
  readonly lane: string
  /** Size of the frame. */
  readonly bytes: number
  readonly resolve: (args: FrameArgs) => void
  readonly reject: (error: OffhookError) => void
}

/** Bounds of what may wait. */
export interface OutboxLimits {
  readonly maxWaiting: number
  readonly maxWaitingBytes: number
}

/** Sends one frame; `answered` comes at most once, and not at all if the link is lost. */
export type SendWish = (wish: Wish, answered: (answer: FrameArgs | OffhookError) => void) => void

interface Kept {
  readonly wish: Wish
  stage: 'waiting' | 'sent' | 'backing off'
  sentAt: number | undefined
}

/** Repeats are recognised for 24 hours (G4); later ones might be entered twice. */
const maxRepeatMs = 23 * 3600 * 1000

/** Everything that is not answered yet, in order, bounded in count and bytes (spec/safety.md §4). */
export class Outbox {
  readonly #limits: OutboxLimits
  readonly #backOff: (again: () => void) => void
  readonly #kept = new Set<Kept>()
  #bytes = 0
  #send: SendWish | undefined

  /** `backOff` calls its argument after a while. */
  constructor(limits: OutboxLimits, backOff: (again: () => void) => void) {
    this.#limits = limits
    this.#backOff = backOff
  }

  add(wish: Wish): void {
    const { maxWaiting, maxWaitingBytes } = this.#limits
    if (this.#kept.size >= maxWaiting || this.#bytes + wish.bytes > maxWaitingBytes) {
      wish.reject(clientError('queue_full'))
      return
    }
    this.#kept.add({ wish, stage: 'waiting', sentAt: undefined })
    this.#bytes += wish.bytes
    this.#flush()
  }

  /** A link is there: sends what waits, and from now on at once. */
  open(send: SendWish): void {
    this.#send = send
    this.#flush()
  }

  /** The link is gone. */
  lost(): void {
    this.#send = undefined
    for (const kept of [...this.#kept]) {
      if (kept.stage !== 'sent') continue
      if (kept.wish.repeat === 'repeat' && !isTooOld(kept)) kept.stage = 'waiting'
      else this.#settle(kept, clientError('outcome_unknown'))
    }
  }

  /** Fails all, or only what has been sent and not answered. */
  fail(which: 'all' | 'sent', error: OffhookError): void {
    for (const kept of [...this.#kept]) {
      if (which === 'all' || kept.stage === 'sent') this.#settle(kept, error)
    }
  }

  /** What waits for its turn behind a frame that backs off keeps its place in its lane. */
  #flush(): void {
    const send = this.#send
    if (send === undefined) return
    const held = new Set<string>()
    for (const kept of this.#kept) {
      if (kept.stage === 'backing off') held.add(kept.wish.lane)
      if (kept.stage !== 'waiting' || held.has(kept.wish.lane)) continue
      kept.stage = 'sent'
      kept.sentAt ??= Date.now()
      send(kept.wish, (answer) => this.#answered(kept, answer))
    }
  }

  #answered(kept: Kept, answer: FrameArgs | OffhookError): void {
    const waitsOut = answer instanceof Error && answer.retry && kept.wish.onRetry === 'wait'
    if (!waitsOut || isTooOld(kept)) {
      this.#settle(kept, answer)
      return
    }
    kept.stage = 'backing off'
    this.#backOff(() => {
      if (kept.stage === 'backing off') kept.stage = 'waiting'
      this.#flush()
    })
  }

  #settle(kept: Kept, answer: FrameArgs | OffhookError): void {
    if (!this.#kept.delete(kept)) return
    this.#bytes -= kept.wish.bytes
    if (answer instanceof Error) kept.wish.reject(answer as OffhookError)
    else kept.wish.resolve(answer)
  }
}

function isTooOld(kept: Kept): boolean {
  return kept.sentAt !== undefined && Date.now() - kept.sentAt > maxRepeatMs
}
