import type { Connection } from '../core/connection.ts'
import { Refusal } from '../core/errors.ts'
import { userChannelLane } from '../core/lanes.ts'
import { tellTyping } from '../core/tell-typing.ts'
import { memberOf } from './read-members.ts'
import type { RoomContext } from './room-context.ts'

/** One user is told of as typing in a room at most so often. */
const intervalMs = 3000
/** Attack: ever new rooms; who was told of longest ago is forgotten first. */
const maxRemembered = 10_000

/** Tells rooms who is typing; nothing of it is stored. */
export class Typing {
  readonly #rooms: RoomContext
  /** When each user was last told of in each room, oldest first. */
  readonly #last = new Map<string, number>()

  constructor(rooms: RoomContext) {
    this.#rooms = rooms
  }

  /** What comes too soon is taken and not told, nor is who types in an anonymous room. Throws Refusal `not_subscribed`, `not_member`. */
  async tell(connection: Connection, name: string): Promise<void> {
    const room = connection.channels.get(name)?.channel
    const user = connection.user?.name
    if (room === undefined || user === undefined) throw new Refusal('not_subscribed')
    if (room.room === undefined || (await memberOf(this.#rooms, name, user)) === undefined) {
      throw new Refusal('not_member')
    }
    if (room.options.anonymous || !this.#isTime(userChannelLane(user, name))) return
    const { bus, nodeId } = this.#rooms.core
    tellTyping(room, user)
    bus.publish(`channel:${name}`, { v: 1, type: 'typing', node: nodeId, channel: name, user })
  }

  #isTime(key: string): boolean {
    const now = this.#rooms.core.clock.now()
    if (now - (this.#last.get(key) ?? Number.NEGATIVE_INFINITY) < intervalMs) return false
    this.#last.delete(key)
    this.#last.set(key, now)
    for (const [oldest, at] of this.#last) {
      if (now - at < intervalMs && this.#last.size <= maxRemembered) break
      this.#last.delete(oldest)
    }
    return true
  }
}
