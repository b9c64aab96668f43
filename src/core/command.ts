import type { Position } from './entry.ts'

/** What a browser asks for, decoded by a protocol and carried out by core/operations. Payloads are JSON text. */
export type Command =
  | {
      readonly op: 'connect'
      readonly cookies: string
      readonly payload: string
      /** Reaches the hooks as `Authorization: Bearer`, and nothing else. */
      readonly token?: string
      /** Where the client was in channels whose snapshots follow CONNECTED. */
      readonly since?: ReadonlyMap<string, Position>
    }
  | { readonly op: 'subscribe'; readonly channel: string; readonly since?: Position }
  | { readonly op: 'unsubscribe'; readonly channel: string }
  | {
      readonly op: 'publish'
      readonly channel: string
      readonly payload: string
      readonly id?: string
      /** Of a message in a room (talk). */
      readonly type?: string
    }
  | { readonly op: 'message'; readonly recipient: string; readonly payload: string }
  | {
      readonly op: 'history'
      readonly channel: string
      /** Exclusive bounds by offset; at most one of the two. */
      readonly before?: number
      readonly after?: number
      readonly limit: number
    }
  | { readonly op: 'presence'; readonly channel: string }
  /** The user has read a room up to this offset. */
  | { readonly op: 'read'; readonly channel: string; readonly offset: number }
  /** The user's rooms, by page. */
  | { readonly op: 'rooms'; readonly after?: string; readonly limit: number }
  | { readonly op: 'typing'; readonly channel: string }
  /** The client's goodbye: its user's place is not kept. */
  | { readonly op: 'disconnect' }
  | { readonly op: 'ping' | 'pong' }
