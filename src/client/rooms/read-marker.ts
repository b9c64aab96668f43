import { clientError } from '../offhook-error.ts'
import { numberOf } from '../read-frames.ts'
import type { RoomHost } from './room-view.ts'
import type { Room, RoomSummary } from './rooms.ts'

/** The room whose marker it is. */
type MarkedRoom = Pick<Room, 'name' | 'readOffset'> & { readonly summary: RoomSummary | undefined }

/** Brings a user's read marker to where the page wants it: one READ at a time, and always the highest offset. */
export class ReadMarker {
  readonly #room: MarkedRoom
  readonly #host: RoomHost
  #wanted = 0
  #moving: Promise<void> | undefined

  constructor(room: MarkedRoom, host: RoomHost) {
    this.#room = room
    this.#host = host
  }

  /** Resolves when the server has all that is wanted by then; rejects with OffhookError. */
  move(offset: number): Promise<void> {
    if (offset <= this.#room.readOffset) return Promise.resolve()
    this.#wanted = Math.max(this.#wanted, offset)
    this.#moving ??= this.#move().finally(() => {
      this.#wanted = 0
      this.#moving = undefined
    })
    // Whoever only looks at the count need not catch.
    this.#moving.catch(nothing)
    return this.#moving
  }

  async #move(): Promise<void> {
    const { client } = this.#host
    const { name } = this.#room
    const [user, epoch] = [client.user, this.#epoch]
    for (let told = 0; ; ) {
      // With the next link comes what other tabs have read meanwhile, and whether it is still the same room.
      while (client.state !== 'connected') await this.#host.refresh()
      if (client.user !== (user ?? client.user)) throw clientError('user_changed')
      const isThere = this.#epoch === (epoch ?? this.#epoch)
      if (!isThere || Math.max(told, this.#room.readOffset) >= this.#wanted) return
      told = this.#wanted
      const args = { channel_name: name, offset: told }
      const frame = { name: 'READ', args, repeat: 'repeat', onRetry: 'wait', lane: name } as const
      const answer = await client.ask(frame)
      // Moved further by a READ frame that has got lost.
      if (numberOf(answer, 'offset') > this.#room.readOffset) this.#host.doubted()
    }
  }

  get #epoch(): string | undefined {
    return this.#room.summary?.position.epoch
  }
}

function nothing(): void {
  // an ignored promise is no unhandled rejection
}
