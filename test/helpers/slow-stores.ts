import type { Stores } from '../../src/core/ports.ts'
import { seeded } from './seeded.ts'

const maxTurns = 6

/** A store each of whose calls takes some turns of the event loop, so that what happens at once is truly mixed. */
export function slowStores(seed: number): (stores: Stores) => Stores {
  const random = seeded(seed)
  async function pause(): Promise<void> {
    for (let turns = Math.floor(random() * maxTurns); turns > 0; turns -= 1)
      await new Promise((resolve) => setImmediate(resolve))
  }
  function slow<T extends object>(part: T): T {
    return new Proxy(part, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name)
        if (typeof member !== 'function') return member
        return async (...args: unknown[]) => {
          await pause()
          const result: unknown = await member.apply(target, args)
          await pause()
          return result
        }
      },
    })
  }
  return (stores) => ({
    ...stores,
    channels: slow(stores.channels),
    users: slow(stores.users),
    outbox: slow(stores.outbox),
    leases: slow(stores.leases),
    check: () => stores.check(),
    close: () => stores.close(),
  })
}
