import type { Command } from './command.ts'
import type { Entry, Position } from './entry.ts'
import type { Refusal } from './errors.ts'
import type { Event } from './event.ts'
import type { Encoded } from './ports.ts'
import type { Published } from './published.ts'
import type { RoomPage, RoomReading } from './room-layer.ts'

/** Turns events into the bytes of one dialect. One object per dialect, shared by all its connections. */
export interface Encoder {
  readonly key: string
  /** How a snapshot is told: as one event, or as its entries, each for itself. */
  readonly snapshots: 'whole' | 'entries'
  /** Undefined where the dialect says nothing of such an event. */
  encode(event: Event): Encoded | undefined
}

/** One thing a session decoded: a command, or why a frame was none. `ref` is the client's id of the frame. */
export type Received =
  | { readonly ref: number | null; readonly command: Command }
  | { readonly ref: number | null; readonly refusal: Refusal }

/** What a command came to. */
export type Done =
  | {
      readonly op: 'connect' | 'unsubscribe' | 'message' | 'typing' | 'disconnect' | 'ping' | 'pong'
    }
  | { readonly op: 'subscribe'; readonly position?: Position }
  | { readonly op: 'publish'; readonly published: Published }
  | { readonly op: 'history'; readonly epoch: string; readonly history: readonly Entry[] }
  | { readonly op: 'presence'; readonly names: readonly string[] }
  | { readonly op: 'read'; readonly reading: RoomReading }
  | { readonly op: 'rooms'; readonly page: RoomPage }

/** The outcome of a command. */
export type Reply =
  | { readonly ref: number | null; readonly done: Done }
  | { readonly ref: number | null; readonly refusal: Refusal }

/** What a link is told before the server ends it. */
export interface Goodbye {
  readonly refusal: Refusal
  /** When to come back, where that is of use. */
  readonly afterMs: number
}

/** The decoder's state of one connection. */
export interface Session {
  readonly encoder: Encoder
  /** The client knows how to resume: its user's place is kept for a while after its link ends. */
  readonly resumes: boolean
  /** To be told an entry of a room counts as to have read it (talk). */
  readonly reads: boolean
  /** CONNECT was refused: another one may choose its dialect anew. Until then the first one's stays. */
  unsettle(): void
  /** Frames that are complete, in order. A refusal with a close code ends the link. */
  receive(text: string): readonly Received[]
  /** Undefined where the dialect says nothing. */
  reply(reply: Reply): Encoded | undefined
  /** How CONNECTED shows the client its own payload: JSON text of JSON text `payload`, as the dialect has it. */
  echo(payload: string): string
  goodbye(goodbye: Goodbye): Encoded | undefined
  /** Part of a frame has come and its rest is awaited. */
  readonly pending: boolean
  /** What `receive` was given last ended a frame, also one that is no command: what is pending since is another one. */
  readonly endedFrame: boolean
}

/** A dialect (design §3). */
export interface Protocol {
  readonly name: string
  /** Whom a subscription belongs to: every connection of the user, or the one that asked. */
  readonly scope: 'user' | 'connection'
  open(limits: { readonly maxFrameBytes: number }): Session
}
