import { Failure } from '../core/errors.ts'
import type { Notice, Outbox } from '../core/ports.ts'

/** What a push becomes: frozen calls in place of it and of further waiting notices that they speak for. */
export interface Expansion {
  /** Ids of the further ones; those that do not wait any more are passed over. */
  readonly replaces: readonly string[]
  /** None where nobody is to be told. */
  readonly calls: readonly Notice[]
}

/** How pushes are expanded (spec/hipochat.md §5). */
export interface ExpansionParts {
  readonly outbox: Pick<Outbox, 'replace'>
  /** Absent: this server knows nothing of rooms, and pushes fail. */
  readonly expand?: ((notice: Notice) => Promise<Expansion>) | undefined
  /**
   * Those of one lane are expanded one after the other: of two at once that take each other along, both would tell of
   * the same messages. Default: all are in one lane.
   */
  readonly laneOf?: ((notice: Notice) => string) | undefined
}

/** Puts calls in the place of pushes. */
export class Expansions {
  readonly #parts: ExpansionParts
  readonly #tails = new Map<string, Promise<void>>()
  /** Those that wait for their turn, and whether an earlier one has taken them along. */
  readonly #waiting = new Map<string, 'waits' | 'taken'>()

  constructor(parts: ExpansionParts) {
    this.#parts = parts
  }

  /** Resolves when the calls are in the outbox and the notice is not. Rejects with what went wrong. */
  run(notice: Notice): Promise<void> {
    const lane = this.#parts.laneOf?.(notice) ?? ''
    const before = this.#tails.get(lane)
    this.#waiting.set(notice.id, 'waits')
    const act = (): Promise<void> => this.#expand(notice)
    const turn = before === undefined ? act() : before.then(act, act)
    this.#tails.set(lane, turn)
    return turn.finally(() => {
      if (this.#tails.get(lane) === turn) this.#tails.delete(lane)
    })
  }

  async #expand(notice: Notice): Promise<void> {
    const { outbox, expand } = this.#parts
    const state = this.#waiting.get(notice.id)
    this.#waiting.delete(notice.id)
    if (state === 'taken') return
    if (expand === undefined) throw new Failure('push', 'this server cannot expand pushes')
    const { replaces, calls } = await expand(notice)
    await outbox.replace([notice.id, ...replaces], calls)
    for (const id of replaces) if (this.#waiting.has(id)) this.#waiting.set(id, 'taken')
  }
}
