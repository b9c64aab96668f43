import { afterEach, beforeEach, describe } from 'vitest'
import type { Stores } from '../../../src/core/ports.ts'
import { describeChannelModel } from './channel-model.ts'
import { describeChannels } from './channels.ts'
import { describeClaims } from './claims.ts'
import { describeHistory } from './history.ts'
import { describeLists } from './lists.ts'
import { describeOutboxAndLeases } from './outbox-and-leases.ts'
import { describePresence } from './presence.ts'
import { describeRooms } from './rooms.ts'
import { describeUsers } from './users.ts'

/** How the suite gets a new, empty store. `now` is the clock of its leases. */
export type OpenStores = (options: {
  recoveryEntries: number
  recoverySeconds: number
  now: () => number
}) => Promise<Stores>

/** What the parts of the suite share: the store of the test at hand and its clock. */
export interface StoresUnderTest {
  stores(): Stores
  setNow(now: number): void
}

/** The contract of `Stores`: every adapter runs it. */
export function describeStores(name: string, open: OpenStores): void {
  describe(`${name} stores`, () => {
    let stores: Stores
    let now = 0
    beforeEach(async () => {
      now = 1_790_000_000_000
      stores = await open({ recoveryEntries: 1000, recoverySeconds: 300, now: () => now })
    })
    afterEach(() => stores.close())
    const subject: StoresUnderTest = {
      stores: () => stores,
      setNow: (value) => {
        now = value
      },
    }
    describeChannels(subject)
    describePresence(subject)
    describeRooms(subject)
    describeHistory(subject)
    describeClaims(subject)
    describeChannelModel(subject)
    describeUsers(subject)
    describeLists(subject)
    describeOutboxAndLeases(subject)
  })
}
