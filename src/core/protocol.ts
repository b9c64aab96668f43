import type { Command } from './command.ts'
import type { Refusal } from './errors.ts'
import type { Event } from './event.ts'
import type { Encoded } from './ports.ts'

/** Turns events into the bytes of one dialect. One object per dialect, shared by all its connections. */
export interface Encoder {
  readonly key: string
  encode(event: Event): Encoded
}

/** One thing a session decoded: a command, or why a frame was none. `ref` is the client's id of the frame. */
export type Received =
  | { readonly ref: number | null; readonly command: Command }
  | { readonly ref: number | null; readonly refusal: Refusal }

/** The outcome of a command. */
export type Reply =
  | { readonly ref: number | null; readonly done: Command['op'] }
  | { readonly ref: number | null; readonly refusal: Refusal }

/** The decoder's state of one connection. */
export interface Session {
  readonly encoder: Encoder
  /** Frames that are complete, in order. A refusal with a close code ends the link. */
  receive(text: string): readonly Received[]
  /** Undefined where the dialect says nothing. */
  reply(reply: Reply): Encoded | undefined
  /** Part of a frame has come and its rest is awaited. */
  readonly pending: boolean
}

/** A dialect (design §3). */
export interface Protocol {
  readonly name: string
  /** Whom a subscription belongs to: every connection of the user, or the one that asked. */
  readonly scope: 'user' | 'connection'
  open(limits: { readonly maxFrameBytes: number }): Session
}
