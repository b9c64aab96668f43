import type { Coming, Entry, HistoryPage } from './entry.ts'
import type { ChannelStatus } from './membership.ts'

/** Keys of a channel's state that were set or changed, and those that were removed. */
export interface StateChange {
  readonly updates: ReadonlyMap<string, unknown>
  readonly deletes: readonly string[]
}

/** What one may listen to on a channel. */
export interface ChannelEvents<Payload = unknown> {
  /** A publish that has not been told before, live or recovered, in order. */
  entry: Entry<Payload>
  join: Coming
  leave: Coming
  /**
   * The history stands for all that was known of the channel: at the first snapshot, and whenever what was missed is
   * not covered any more. A list made from `entry` begins anew with it.
   */
  reset: HistoryPage<Payload>
  state: StateChange
  /** Names of those who are in, after any change. */
  users: readonly string[]
  status: ChannelStatus
  /** Anything of the above. */
  change: undefined
}

/** What changed from one state to another. */
export function compareStates(
  before: ReadonlyMap<string, unknown>,
  after: ReadonlyMap<string, unknown>,
): StateChange {
  const isNew = ([key, value]: [string, unknown]) =>
    !before.has(key) || JSON.stringify(before.get(key)) !== JSON.stringify(value)
  return {
    updates: new Map([...after].filter(isNew)),
    deletes: [...before.keys()].filter((key) => !after.has(key)),
  }
}
