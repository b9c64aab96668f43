import { Failure } from '../../src/core/errors.ts'
import type { Stores } from '../../src/core/ports.ts'

/** A store that can be down: while it is, every call fails and nothing is changed. */
export interface Breakable {
  down: boolean
  wrap(stores: Stores): Stores
}

/** Stands in for a full disk or a lost database. */
export function createBreakable(): Breakable {
  const breakable: Breakable = {
    down: false,
    wrap: (stores) => ({
      channels: guard(stores.channels),
      users: guard(stores.users),
      outbox: guard(stores.outbox),
      leases: guard(stores.leases),
      check: async () => {
        refuse()
        await stores.check()
      },
      close: () => stores.close(),
    }),
  }
  function refuse(): void {
    if (breakable.down) throw new Failure('store', 'no space left on device')
  }
  function guard<T extends object>(part: T): T {
    return new Proxy(part, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name)
        if (typeof member !== 'function') return member
        return async (...args: unknown[]) => {
          refuse()
          return member.apply(target, args) as unknown
        }
      },
    })
  }
  return breakable
}
