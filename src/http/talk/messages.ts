import type { Entry } from '../../core/entry.ts'
import { messageOf } from '../../protocols/talk/message-of.ts'
import type { TalkCall } from './call.ts'

/** Room for an answer's messages, which are held in memory whole (`--max-snapshot-bytes`). */
export class MessageSpace {
  readonly #call: TalkCall
  #bytesLeft: number

  constructor(call: TalkCall) {
    this.#call = call
    this.#bytesLeft = call.parts.settings.maxSnapshotBytes
  }

  /** What does not fit need not be read. */
  get isFull(): boolean {
    return this.#bytesLeft <= 0
  }

  /** JSON texts of the messages among these entries, oldest first; the oldest are left out where not all fit. */
  take(room: string, entries: readonly Entry[]): string[] {
    const messages: string[] = []
    for (const entry of entries.toReversed()) {
      // A channel that became a room may have kept who came and went.
      if (entry.kind !== 'publish') continue
      const message = messageOf(entry, room, this.#call.style)
      this.#bytesLeft -= message.length
      if (this.#bytesLeft < 0) {
        this.#call.parts.telemetry.limit('max-snapshot-bytes')
        break
      }
      messages.push(message)
    }
    return messages.reverse()
  }
}
