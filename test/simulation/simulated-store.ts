import { Failure } from '../../src/core/errors.ts'
import type { Stores } from '../../src/core/ports.ts'
import { createMemoryStores } from '../../src/stores/memory/index.ts'
import type { Dice } from './dice.ts'
import type { Judge } from './judge.ts'
import { Ledger } from './ledger.ts'
import type { Life, Timeline } from './timeline.ts'

/** How the store treats its nodes. */
export interface StoreManners {
  /** Commits become durable together, this often (an embedded store's group commit); 0: each by itself. */
  readonly syncMs: number
  readonly maxDelayMs: number
  /** Shares of calls that are not carried out, and of those whose answer is lost. */
  readonly losesCall: number
  readonly losesAnswer: number
  /** Reads may be answered out of the order of what they show. */
  readonly recoveryEntries: number
}

const writes: ReadonlySet<string> = new Set(['commit', 'settle', 'replace'])

type Act = () => Promise<unknown>

/**
 * The store of all nodes: the real memory store, reached over a way that takes time and fails. A commit is evaluated
 * and durable in one moment, some time after it was asked for and before it is answered; a node that crashes before
 * that moment has lost it.
 */
export class SimulatedStore {
  readonly ledger: Ledger
  /** Without any fault. */
  readonly truth: Stores
  /** Names of nodes that cannot reach the store now. */
  readonly cutOff = new Set<string>()
  manners: StoreManners
  readonly #timeline: Timeline
  readonly #dice: Dice
  readonly #judge: Judge

  constructor(parts: { timeline: Timeline; dice: Dice; judge: Judge; manners: StoreManners }) {
    this.#timeline = parts.timeline
    this.#dice = parts.dice.fork('store')
    this.#judge = parts.judge
    this.manners = parts.manners
    this.ledger = new Ledger(parts.judge, parts.timeline)
    const { recoveryEntries } = parts.manners
    this.truth = this.ledger.keep(
      createMemoryStores({ now: () => parts.timeline.now, recoveryEntries }),
    )
  }

  /** The store as one life of a node reaches it. */
  open(node: string, life: Life): Stores {
    const way: Way = { node, life, lastWrite: 0 }
    const { channels, users, outbox, leases } = this.truth
    return {
      channels: this.#wrap(way, channels),
      users: this.#wrap(way, users),
      outbox: this.#wrap(way, outbox),
      leases: this.#wrap(way, leases),
      check: async () => {},
      close: async () => {},
    }
  }

  #wrap<Part extends object>(way: Way, part: Part): Part {
    const calls = new Map<string, unknown>()
    return new Proxy(part, {
      get: (target, key) => {
        const name = String(key)
        const known = calls.get(name)
        if (known !== undefined) return known
        const member: unknown = Reflect.get(target, key)
        if (typeof member !== 'function') return member
        const kind = writes.has(name) ? 'write' : 'read'
        const call = (...args: unknown[]) =>
          this.#call(way, kind, () => Reflect.apply(member, target, args) as Promise<unknown>)
        calls.set(name, call)
        return call
      },
    })
  }

  #call(way: Way, kind: 'read' | 'write', act: Act): Promise<unknown> {
    const { life, node } = way
    return new Promise((resolve, reject) => {
      if (life.isOver) return
      const fail = (ms: number) => {
        this.#judge.note(() => `store: ${node} loses a ${kind}`)
        this.#timeline.after(
          ms,
          life.while(() => reject(outage())),
        )
      }
      if (this.cutOff.has(node)) return fail(this.#dice.between(1, 2000))
      if (this.#dice.chance(this.manners.losesCall)) return fail(this.#dice.between(1, 500))
      const losesAnswer = this.#dice.chance(this.manners.losesAnswer)
      const answer = (settle: () => void) => {
        if (losesAnswer) return fail(this.#dice.between(1, 500))
        this.#timeline.after(this.#delay(), life.while(settle))
      }
      this.#timeline.after(this.#wait(way, kind), () => {
        if (life.isOver && !this.#outlives()) return
        act().then(
          (value) => answer(() => resolve(value)),
          (error: unknown) => answer(() => reject(error)),
        )
      })
    })
  }

  /** Until the call is carried out. Writes of one node keep their order. */
  #wait(way: Way, kind: 'read' | 'write'): number {
    const { now } = this.#timeline
    if (kind === 'read') return this.#delay()
    const { syncMs } = this.manners
    const free = syncMs > 0 ? syncMs - (now % syncMs) : this.#delay()
    way.lastWrite = Math.max(way.lastWrite, now + free)
    return way.lastWrite - now
  }

  /** What a crashed node had sent off may still arrive at a store elsewhere; an embedded one dies with it. */
  #outlives(): boolean {
    return this.manners.syncMs === 0 && this.#dice.chance(0.5)
  }

  #delay(): number {
    return this.#dice.delay(0, this.manners.maxDelayMs)
  }
}

/** One node's way to the store. */
interface Way {
  readonly node: string
  readonly life: Life
  lastWrite: number
}

function outage(): Failure {
  return new Failure('store', 'the store does not answer')
}
