import type { Entry } from '../entry.ts'
import type { ChannelStatus } from '../membership.ts'
import type { AnyOffhook, Channel } from '../offhook.ts'
import type { OffhookError } from '../offhook-error.ts'

/** What a component shows of a channel. */
export interface ChannelSnapshot<Payload = unknown> {
  readonly entries: readonly Entry<Payload>[]
  readonly state: ReadonlyMap<string, unknown>
  readonly presence: readonly string[]
  readonly status: ChannelStatus
  readonly error: OffhookError | undefined
}

/** Of a channel that is not there yet, and of all channels on a server. */
export const emptySnapshot: ChannelSnapshot = {
  entries: [],
  state: new Map(),
  presence: [],
  status: 'idle',
  error: undefined,
}

/** What becomes of the subscription when the last component that uses it is gone. */
export type WhenUnused = 'unsubscribe' | 'keep'

/** Components come and go while a page is changed: a channel that is used again at once is not left. */
const lingerMs = 1000

interface Shared {
  uses: number
  leaving: ReturnType<typeof setTimeout> | undefined
  readonly stop: () => void
}

const sharedOf = new WeakMap<Channel, Shared>()
const snapshotOf = new WeakMap<Channel, ChannelSnapshot>()

/** The same object until something has changed. */
export function readSnapshot(channel: Channel): ChannelSnapshot {
  const known = snapshotOf.get(channel)
  const { entries, state, users: presence, status, error } = channel
  const isSame =
    known?.entries === entries &&
    known.state === state &&
    known.presence === presence &&
    known.status === status &&
    known.error === error
  if (isSame) return known
  const snapshot = { entries, state, presence, status, error }
  snapshotOf.set(channel, snapshot)
  return snapshot
}

/** Uses a channel: the first use subscribes, the end of the last one unsubscribes. The result ends this use. */
export function holdChannel(
  client: AnyOffhook,
  channel: Channel,
  whenUnused: WhenUnused,
): () => void {
  const shared = sharedOf.get(channel) ?? share(client, channel)
  clearTimeout(shared.leaving)
  shared.uses += 1
  return () => {
    shared.uses -= 1
    if (shared.uses > 0) return
    shared.leaving = setTimeout(() => {
      sharedOf.delete(channel)
      shared.stop()
      if (whenUnused === 'unsubscribe') channel.unsubscribe().catch(nothing)
    }, lingerMs)
  }
}

function share(client: AnyOffhook, channel: Channel): Shared {
  const subscribe = () => {
    // Refused or not: `status` and `error` say so.
    if (channel.status === 'idle' || channel.status === 'unsubscribed') {
      channel.subscribe().catch(nothing)
    }
  }
  subscribe()
  const stop = client.on('state', ({ state }) => {
    if (state === 'connected' && channel.status === 'idle') subscribe()
  })
  const shared: Shared = { uses: 0, leaving: undefined, stop }
  sharedOf.set(channel, shared)
  return shared
}

function nothing(): void {
  // the snapshot shows what failed
}
