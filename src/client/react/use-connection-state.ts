import { useCallback, useSyncExternalStore } from 'react'
import type { ConnectionStatus } from '../offhook.ts'
import { useOffhook } from './provider.ts'

const notYet: ConnectionStatus = { state: 'connecting' }

/** The connection's state, with the error that explains it. */
export function useConnectionState(): ConnectionStatus {
  const client = useOffhook()
  const subscribe = useCallback(
    (changed: () => void) => client?.on('state', changed) ?? nothing,
    [client],
  )
  return useSyncExternalStore(
    subscribe,
    () => client?.status ?? notYet,
    () => notYet,
  )
}

function nothing(): void {
  // there was nothing to listen to
}
