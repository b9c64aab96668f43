import { parseJson } from '../core/json.ts'
import type { Notice } from '../core/ports.ts'

/** What the notice of a message holds: enough to push it, whatever is kept of the room by then. */
export interface MessageNotice {
  readonly v: 1
  readonly tells: 'message'
  readonly room: string
  readonly epoch: string
  readonly message: PushedMessage
  /** Put in by the store: the message's place. */
  readonly offset: number
  readonly count: number
}

/**
 * A user left a room in which messages were stored that may not have reached it: those after `from`, up to the head of
 * then, that it has not read are pushed to it. What was stored later is told of as to everybody who is away.
 */
export interface MissedNotice {
  readonly v: 1
  readonly tells: 'missed'
  readonly room: string
  readonly epoch: string
  readonly user: string
  readonly from: number
  readonly offset: number
  readonly count: number
}

/** A message as a push tells of it. */
export interface PushedMessage {
  readonly id: string
  readonly at: number
  readonly type: string
  /** `null`: hidden, or the app itself. */
  readonly user: string | null
  /** The author's public profile as JSON text. */
  readonly author: string
  /** JSON text of what the entry holds. */
  readonly content: string
}

/** Messages are bounded where they come in; names and profiles around them are short. */
const maxBytes = 16 * 1024 * 1024

/** Reads the body of a notice of kind `push`. */
export function readPushNotice(notice: Notice): MessageNotice | MissedNotice {
  return parseJson(notice.body, { bytes: maxBytes, depth: 8 }) as MessageNotice | MissedNotice
}
