import type { StatePairs } from './channel-commit.ts'
import type { Entry, Head } from './entry.ts'
import type { ChannelOptions } from './options.ts'

/** What a browser is told, encoded once per encoder (design §3). Times are unix milliseconds. */
export type Event =
  | {
      readonly event: 'connected'
      readonly name: string
      /** Id of the connection. */
      readonly connection: string
      /** JSON text of the value the client sees. */
      readonly payload: string
    }
  | {
      readonly event: 'snapshot'
      readonly channel: string
      readonly user: string
      readonly head: Head
      readonly options: ChannelOptions
      readonly history: readonly Entry[]
      /** `history` is exactly what the client missed since the position it gave. */
      readonly recovered: boolean
      readonly state: StatePairs
      /** Names in joining order; empty unless presenceful. */
      readonly presence: readonly string[]
      /** JSON text. */
      readonly initialData?: string
    }
  | {
      readonly event: 'join' | 'leave'
      readonly channel: string
      readonly user: string
      readonly at: number
      readonly offset?: number
    }
  | {
      readonly event: 'publish'
      readonly channel: string
      /** Offset 0 on channels without history: no position. */
      readonly entry: Entry
      readonly presence?: readonly string[]
    }
  | {
      readonly event: 'state'
      readonly channel: string
      readonly updates: StatePairs
      readonly deletes: readonly string[]
    }
  | {
      readonly event: 'message'
      readonly sender: string
      readonly recipient: string
      readonly payload: string
      readonly at: number
    }
  | { readonly event: 'cookie'; readonly cookie: string }
  /** The user's own read marker in a room stands at `offset` now. */
  | {
      readonly event: 'read'
      readonly channel: string
      readonly offset: number
      readonly unread: number
    }
  /** Never stored. */
  | { readonly event: 'typing'; readonly channel: string; readonly user: string }
