import type {
  ChannelCommit,
  ChannelCommitted,
  UserCommitResult,
  UserRecord,
} from '../../src/core/ports.ts'
import type { Judge } from './judge.ts'
import { PushLedger } from './push-ledger.ts'
import { RoomLife } from './room-life.ts'
import type { Timeline } from './timeline.ts'

/** What was durable of rooms, beside the channels' own ledger. */
export class RoomLedger {
  readonly pushes: PushLedger
  readonly #timeline: Timeline
  readonly #judge: Judge
  /** Present lives and, for those that ended, the last. */
  readonly #lives = new Map<string, RoomLife[]>()
  readonly #endedAt = new Map<string, number>()
  /** How often a user came into a room by Hookbox, and since when it is in by it. */
  readonly #sharedComings = new Map<string, number>()
  readonly #shared = new Map<string, number>()
  readonly #unconfirmed = new Set<string>()
  readonly #wanted = new Set<string>()
  /** What users have been told by their clients, or by links that they ended themselves. */
  readonly #heard = new Set<string>()
  readonly #sent = new Map<string, number>()

  constructor(judge: Judge, timeline: Timeline) {
    this.#judge = judge
    this.#timeline = timeline
    this.pushes = new PushLedger(judge, timeline, this)
  }

  /** The present life of a room. */
  living(room: string): RoomLife | undefined {
    return this.#endedAt.has(room) ? undefined : this.#lives.get(room)?.at(-1)
  }

  life(room: string, epoch: string): RoomLife | undefined {
    return this.#lives.get(room)?.find((life) => life.epoch === epoch)
  }

  lives(room: string): readonly RoomLife[] {
    return this.#lives.get(room) ?? []
  }

  noteChannel(channel: string, commit: ChannelCommit, committed: ChannelCommitted): void {
    const { now } = this.#timeline
    const { epoch } = committed.head
    let life = this.life(channel, epoch)
    if (life === undefined) {
      if (committed.room === undefined) return
      const head = committed.created ? 0 : committed.prev.offset
      const isWanted = (user: string) => this.#wanted.has(`${user} ${channel}`)
      life = new RoomLife(epoch, { closed: committed.room.closed, head, now, isWanted })
      this.#lives.set(channel, [...this.lives(channel), life])
      this.#endedAt.delete(channel)
    }
    for (const problem of life.note({ commit, committed, now })) {
      this.#judge.violated('rooms', `${channel} ${problem}`)
    }
    if (committed.destroyed) this.#endedAt.set(channel, now)
  }

  /** Who is in by Hookbox now: its hooks were asked about that. */
  noteUser(user: string, result: Extract<UserCommitResult, { outcome: 'committed' }>): void {
    const now = sharedChannels(result.record)
    const gone = [...this.#shared.keys()].filter((key) => {
      const [who, channel = ''] = key.split(' ')
      return who === user && !now.has(channel)
    })
    for (const key of gone) {
      // A join that its channel did not take was none.
      if (this.#unconfirmed.has(key)) this.#countComing(key, -1)
      this.#shared.delete(key)
    }
    for (const [channel, isConfirmed] of now) this.#noteIn(`${user} ${channel}`, isConfirmed)
  }

  #noteIn(key: string, isConfirmed: boolean): void {
    if (isConfirmed) this.#unconfirmed.delete(key)
    if (this.#shared.has(key)) return
    if (!isConfirmed) this.#unconfirmed.add(key)
    this.#shared.set(key, this.#timeline.now)
    this.#countComing(key, 1)
  }

  #countComing(key: string, by: 1 | -1): void {
    this.#sharedComings.set(key, (this.#sharedComings.get(key) ?? 0) + by)
  }

  /** Whether the user was ever in by Hookbox, if only for a moment. */
  wasEverShared(channel: string, user: string): boolean {
    return this.#sharedComings.has(`${user} ${channel}`)
  }

  sharedComings(channel: string, user: string): number {
    return this.#sharedComings.get(`${user} ${channel}`) ?? 0
  }

  /** When the user came in by Hookbox, where it is in by it. */
  sharedSince(channel: string, user: string): number | undefined {
    return this.#shared.get(`${user} ${channel}`)
  }

  /** The app wants a user in a room. */
  noteWanted(room: string, user: string): void {
    this.#wanted.add(`${user} ${room}`)
  }

  /** The user was let into a room, or allowed to do something there, after `since`. */
  checkAdmitted(room: string, at: { user: string; since: number; what: string }): void {
    const { user, since, what } = at
    const { now } = this.#timeline
    const life = this.living(room)
    // Rooms that come or go meanwhile, and names that were free, are open.
    if (life === undefined || life.bornAt >= since) return
    if (life.mayHaveAdmitted(user, since, now)) return
    this.#judge.violated('rooms', `${room} lets ${user} ${what}, who is shut out`)
  }

  /** A client of the user shows it. */
  noteHeard(room: string, user: string, said: string): void {
    this.#heard.add(`${room} ${user} ${said}`)
  }

  /** A link ended that was sent everything up to this offset, and its end was no loss. */
  noteSent(room: string, user: string, at: { epoch: string; offset: number }): void {
    const key = `${room} ${user} ${at.epoch}`
    this.#sent.set(key, Math.max(this.#sent.get(key) ?? 0, at.offset))
  }

  hasHeard(
    room: string,
    user: string,
    message: { epoch: string; offset: number; said: string },
  ): boolean {
    if (this.#heard.has(`${room} ${user} ${message.said}`)) return true
    return message.offset <= (this.#sent.get(`${room} ${user} ${message.epoch}`) ?? 0)
  }
}

/** Channels in which the user is by connections that are not in one channel only, and whether they know of it. */
function sharedChannels({ connections, subscriptions }: UserRecord): Map<string, boolean> {
  const shared = new Set(connections.flatMap(({ id, only }) => (only === undefined ? [id] : [])))
  const held = subscriptions.filter((each) => each.connections.some(({ id }) => shared.has(id)))
  return new Map(held.map(({ channel, joined }) => [channel, joined !== undefined]))
}
