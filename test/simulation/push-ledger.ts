import type { Notice } from '../../src/core/ports.ts'
import type { PushExpansion } from '../../src/rooms/expand-push.ts'
import { readPushNotice } from '../../src/rooms/push-notice.ts'
import type { Judge } from './judge.ts'
import { saidIn } from './payload.ts'
import type { RoomLedger } from './room-ledger.ts'
import type { RoomLife, RoomMessage } from './room-life.ts'
import type { Timeline } from './timeline.ts'

interface PushBody {
  readonly chat_token: string
  readonly receivers: readonly string[]
  readonly body: unknown
  readonly id: string
  readonly unread: Readonly<Record<string, number>>
}

/** What was so when an expansion began. */
interface Expanding {
  readonly life: RoomLife | undefined
  readonly reads: ReadonlyMap<string, number>
  readonly since: number
}

const maxReceivers = 100

/** Pushes as they were made and as the app got them, held against the rooms (spec/hipochat.md §5). */
export class PushLedger {
  /** Calls that the app got. */
  count = 0
  readonly #judge: Judge
  readonly #timeline: Timeline
  readonly #rooms: RoomLedger
  readonly #bodies = new Map<string, string>()
  /** Ids under which the app was told, by room, message and member. */
  readonly #told = new Map<string, Set<string>>()
  readonly #expandedAt = new Map<string, number>()

  constructor(judge: Judge, timeline: Timeline, rooms: RoomLedger) {
    this.#judge = judge
    this.#timeline = timeline
    this.#rooms = rooms
  }

  /** Ids under which the app was told that the message waits for the member. */
  ids(room: string, user: string, said: string): ReadonlySet<string> {
    return this.#told.get(`${room} ${user} ${said}`) ?? new Set()
  }

  /** When the calls of a notice were put in its place; undefined: not yet. */
  expandedAt(notice: string): number | undefined {
    return this.#expandedAt.get(notice)
  }

  noteReplaced(notice: string): void {
    if (!this.#expandedAt.has(notice)) this.#expandedAt.set(notice, this.#timeline.now)
  }

  /** A notice is about to be expanded; the answer takes what came of it. */
  begin(notice: Notice): (expansion: PushExpansion) => void {
    const { room, epoch } = readPushNotice(notice)
    const life = this.#rooms.life(room, epoch)
    const reads = new Map([...(life?.members ?? [])].map(([user, { read }]) => [user, read]))
    const view: Expanding = { life, reads, since: this.#timeline.now }
    return ({ calls }) => {
      for (const { body } of calls) this.#checkCall(JSON.parse(body) as PushBody, view)
    }
  }

  noteTold({ id, body }: Notice): void {
    const push = JSON.parse(body) as PushBody
    const known = this.#bodies.get(id)
    // Where a second link is lost before what the first one missed was read, its unread are those of then.
    const same = JSON.stringify({ ...push, unread: Object.keys(push.unread) })
    if (known !== undefined && known !== same) {
      this.#violated(`${id} is told as ${known} and as ${same}`)
    }
    this.count += 1
    this.#bodies.set(id, same)
    if (push.id !== id) this.#violated(`${id} says that it is ${push.id}`)
    for (const user of push.receivers) {
      const said = saidIn(push.body)
      const key = `${push.chat_token} ${user} ${said}`
      const ids = this.#told.get(key)
      if (ids === undefined) this.#told.set(key, new Set([id]))
      else if (!ids.has(id)) {
        ids.add(id)
        if (!this.#mayBeTwice(push.chat_token, { user, said })) {
          this.#violated(`${key} is told as ${[...ids]}`)
        }
      }
    }
  }

  /** What may be sent again may stand in two lives of the room; and who was coming in may get both. */
  #mayBeTwice(room: string, { user, said }: { user: string; said: string }): boolean {
    if (said.endsWith(' r')) return true
    const lives = this.#rooms.lives(room)
    return lives.some((life) =>
      life.messages.some((each) => each.said === said && life.mayBeComing(user, each.storedAt)),
    )
  }

  #checkCall(push: PushBody, view: Expanding): void {
    const { receivers, chat_token: room, id } = push
    const said = saidIn(push.body)
    const message = view.life?.messages.find((each) => each.said === said)
    if (receivers.length === 0 || receivers.length > maxReceivers) {
      this.#violated(`${id} has ${receivers.length} receivers`)
    }
    if (view.life === undefined || message === undefined) {
      this.#violated(`${said} is pushed, which is not durable in ${room}`)
      return
    }
    for (const user of receivers) {
      const problem = this.#problemOf(user, { message, life: view.life, view })
      if (problem !== undefined) {
        this.#violated(`${user} is to be told of ${said} in ${room} and ${problem}`)
      }
      if (!((push.unread[user] ?? -1) >= 0)) {
        this.#violated(`${user} is told to have ${push.unread[user]} unread in ${room}`)
      }
    }
  }

  /** Why somebody is not to be told of a message. */
  #problemOf(
    user: string,
    at: { message: RoomMessage; life: RoomLife; view: Expanding },
  ): string | undefined {
    const { message, life, view } = at
    const { since, reads } = view
    const { now } = this.#timeline
    if (message.author === user) return 'said it'
    if (!life.memberships.touches(user, since, now)) return 'is no member'
    if ((reads.get(user) ?? 0) >= message.offset) return 'has read it'
    const wasIn = life.stays.covers(user, message.storedAt, now)
    return wasIn && life.stays.covers(user, since, now) ? 'is in the room' : undefined
  }

  #violated(text: string): void {
    this.#judge.violated('push', text)
  }
}
