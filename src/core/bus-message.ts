import type { ChannelCommitted } from './channel-commit.ts'
import type { Entry } from './entry.ts'

/** To whom a bus message goes: everybody interested in a channel or user, or one node. */
export type BusAddress = `channel:${string}` | `user:${string}` | `node:${string}`

/** What one node says to others. Plain JSON; `v` is the format version. */
export type BusMessage =
  | {
      readonly v: 1
      readonly type: 'committed'
      readonly node: string
      readonly committed: ChannelCommitted
    }
  /** A publish to a channel without history: at most once, `sequence` grows per node and channel. */
  | {
      readonly v: 1
      readonly type: 'passing'
      readonly node: string
      readonly channel: string
      readonly sequence: number
      readonly entry: Entry
      /** `only_to_sender`: only connections of this user. */
      readonly only?: string
    }
  | {
      readonly v: 1
      readonly type: 'user'
      readonly node: string
      readonly user: string
      readonly version: number
      /** `initial_data` of the subscribe that this tells of; lost with the message, as a hint may be. */
      readonly initial?: { readonly channel: string; readonly json: string }
    }
  /** The user's read marker in a room: for its connections that are not in the room. */
  | {
      readonly v: 1
      readonly type: 'read'
      readonly node: string
      readonly user: string
      readonly channel: string
      readonly offset: number
      readonly unread: number
    }
  /** Somebody is typing in a room. */
  | {
      readonly v: 1
      readonly type: 'typing'
      readonly node: string
      readonly channel: string
      readonly user: string
    }

/** An act on something another node holds. `id` is the same on each try; the receiver acts once. */
export interface NodeRequest {
  readonly v: 1
  readonly id: string
  readonly act: string
  /** JSON text. */
  readonly body: string
}
