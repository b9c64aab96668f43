import { useCallback, useEffect, useMemo, useState, useSyncExternalStore } from 'react'
import type { OffhookError } from '../offhook-error.ts'
import { type RoomSummary, roomsOf } from '../rooms/index.ts'
import { useOffhook } from './provider.ts'

/** What `useRooms` gives. */
export interface RoomsResult {
  /** All rooms of this user, kept up to date; empty until they are loaded. */
  readonly rooms: readonly RoomSummary[]
  readonly isLoaded: boolean
  /** Why they could not be loaded. */
  readonly error: OffhookError | undefined
  /** Asks for them anew: for what no frame tells, such as a room that the app has just made. */
  readonly reload: () => void
}

const noRooms: readonly RoomSummary[] = []

/** The rooms of this user. Nothing is subscribed by it. */
export function useRooms(): RoomsResult {
  const client = useOffhook()
  const list = useMemo(() => client && roomsOf(client), [client])
  const [error, setError] = useState<OffhookError>()
  const rooms = useSyncExternalStore(
    useCallback((changed: () => void) => list?.on('change', changed) ?? nothing, [list]),
    () => list?.current ?? noRooms,
    () => noRooms,
  )
  const reload = useCallback(() => {
    list?.list().then(() => setError(undefined), setError)
  }, [list])
  useEffect(reload, [reload])
  const isLoaded = list?.isLoaded === true
  return useMemo(() => ({ rooms, isLoaded, error, reload }), [rooms, isLoaded, error, reload])
}

function nothing(): void {
  // there was nothing to listen to
}
