import { useCallback, useEffect, useMemo, useSyncExternalStore } from 'react'
import type { Channel, Published, PublishOptions } from '../offhook.ts'
import { clientError } from '../offhook-error.ts'
import { useOffhook } from './provider.ts'
import {
  type ChannelSnapshot,
  emptySnapshot,
  holdChannel,
  readSnapshot,
  type WhenUnused,
} from './shared-channel.ts'

/** How a component uses a channel. */
export interface ChannelOptions {
  /**
   * When the last component that uses the channel is gone. Subscriptions belong to the user: `unsubscribe` (the
   * default) ends it in the user's other tabs too, `keep` leaves it until the page goes.
   */
  readonly whenUnused?: WhenUnused
}

/** What `useChannel` gives: the channel's snapshot, and two functions that stay the same. */
export interface ChannelResult<Payload = unknown> extends ChannelSnapshot<Payload> {
  readonly publish: (payload: Payload, options?: PublishOptions) => Promise<Published>
  /** Puts older history before `entries`; false: there is no more. */
  readonly loadOlder: (limit?: number) => Promise<boolean>
}

/** Subscribes while the component is there. All components of a page share one subscription. */
export function useChannel<Payload = unknown>(
  name: string,
  options: ChannelOptions = {},
): ChannelResult<Payload> {
  const client = useOffhook()
  const channel = useMemo(() => client?.channel(name), [client, name])
  const { whenUnused = 'unsubscribe' } = options

  useEffect(() => {
    if (client === undefined || channel === undefined) return undefined
    return holdChannel(client, channel, whenUnused)
  }, [client, channel, whenUnused])

  const snapshot = useSyncExternalStore(
    useCallback((changed: () => void) => channel?.on('change', changed) ?? nothing, [channel]),
    () => (channel === undefined ? emptySnapshot : readSnapshot(channel)),
    () => emptySnapshot,
  )
  const actions = useMemo(() => actionsOf(channel), [channel])
  return useMemo(() => ({ ...snapshot, ...actions }), [snapshot, actions]) as ChannelResult<Payload>
}

function actionsOf(channel: Channel | undefined) {
  return {
    publish: (payload: unknown, options?: PublishOptions) =>
      channel?.publish(payload, options) ?? Promise.reject(clientError('closed')),
    loadOlder: (limit?: number) => channel?.loadOlder(limit) ?? Promise.resolve(false),
  }
}

function nothing(): void {
  // there was nothing to listen to
}
