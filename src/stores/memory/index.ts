import { Failure } from '../../core/errors.ts'
import type { Stores } from '../../core/ports.ts'
import type { RecoverySettings } from '../aggregate/channel.ts'
import { ProcessLeases } from '../aggregate/leases.ts'
import { MemoryChannels } from './channels.ts'
import { MemoryOutbox } from './outbox.ts'
import { MemoryUsers } from './users.ts'

/** Settings of the memory store; `now` (Unix milliseconds) is the clock of its leases and of `replay`. */
export interface MemoryStoresOptions extends Partial<RecoverySettings> {
  readonly now?: () => number
}

/** Stores that end with the process. One instance may serve several nodes of one process. */
export function createMemoryStores(options: MemoryStoresOptions = {}): Stores {
  const { recoveryEntries = 1000, recoverySeconds = 300, now = Date.now } = options
  const outbox = new MemoryOutbox(now)
  const addNotice = outbox.add.bind(outbox)
  let closed = false
  return {
    channels: new MemoryChannels({ recoveryEntries, recoverySeconds }, addNotice),
    users: new MemoryUsers(addNotice),
    outbox,
    leases: new ProcessLeases(now),
    check: async () => {
      if (closed) throw new Failure('store', 'the memory store is closed')
    },
    close: async () => {
      closed = true
    },
  }
}
