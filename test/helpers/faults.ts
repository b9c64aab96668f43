import { Failure } from '../../src/core/errors.ts'
import type { Stores } from '../../src/core/ports.ts'

/** A method of a store, e.g. `channels.commit`. */
export type StoreCall =
  | 'channels.commit'
  | 'channels.snapshot'
  | 'channels.history'
  | 'users.commit'
  | 'channels.changed'
  | 'users.snapshot'
  | 'users.changed'
  | 'leases.acquire'
  | 'leases.renew'
  | 'leases.release'

type Args = readonly unknown[]

interface Rule {
  readonly call: StoreCall
  readonly matches: (args: Args) => boolean
  run(act: () => Promise<unknown>): Promise<unknown>
}

/** A call that has been carried out and whose answer waits. */
export interface HeldAnswer {
  /** Resolves when the store has done its part. */
  readonly done: Promise<void>
  release(): void
}

const always = () => true

/** What goes wrong between one node and its store. Each rule is good for one call. */
export class Faults {
  /** Nothing is done and nothing answered. */
  isDown = false
  readonly calls: { readonly call: string; readonly args: Args }[] = []
  readonly #rules: Rule[] = []

  /** The next such call is not carried out and rejects. */
  lose(call: StoreCall, matches: (args: Args) => boolean = always): void {
    this.#rules.push({ call, matches, run: () => Promise.reject(outage()) })
  }

  /** The next such call is carried out, and rejects all the same: "outcome unknown". */
  loseAnswer(call: StoreCall, matches: (args: Args) => boolean = always): void {
    this.#rules.push({
      call,
      matches,
      run: async (act) => {
        await act()
        throw outage()
      },
    })
  }

  /** The next such call is carried out; its answer comes when the test lets it. */
  holdAnswer(call: StoreCall, matches: (args: Args) => boolean = always): HeldAnswer {
    const done = Promise.withResolvers<void>()
    const gate = Promise.withResolvers<void>()
    this.#rules.push({
      call,
      matches,
      run: async (act) => {
        const answer = await act()
        done.resolve()
        await gate.promise
        return answer
      },
    })
    return { done: done.promise, release: gate.resolve }
  }

  /** The next such call is carried out only when the test lets it. */
  holdCall(call: StoreCall, matches: (args: Args) => boolean = always): () => void {
    const gate = Promise.withResolvers<void>()
    this.#rules.push({ call, matches, run: (act) => gate.promise.then(act) })
    return gate.resolve
  }

  async run(call: string, args: Args, act: () => Promise<unknown>): Promise<unknown> {
    this.calls.push({ call, args })
    if (this.isDown) throw outage()
    const index = this.#rules.findIndex((rule) => rule.call === call && rule.matches(args))
    const rule = this.#rules.splice(index, index === -1 ? 0 : 1)[0]
    return rule === undefined ? act() : rule.run(act)
  }
}

function outage(): Failure {
  return new Failure('store', 'the store does not answer')
}

/** The stores as a node sees them through its faults. */
export function withFaults(stores: Stores, faults: Faults): Stores {
  return {
    ...stores,
    channels: wrap('channels', stores.channels, faults),
    users: wrap('users', stores.users, faults),
    outbox: wrap('outbox', stores.outbox, faults),
    leases: wrap('leases', stores.leases, faults),
  }
}

function wrap<T extends object>(name: string, part: T, faults: Faults): T {
  return new Proxy(part, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key)
      if (typeof member !== 'function') return member
      return (...args: unknown[]) =>
        faults.run(`${name}.${String(key)}`, args, () => Reflect.apply(member, target, args))
    },
  })
}
