import type { Entry } from '../../src/core/entry.ts'
import type {
  ChannelChange,
  ChannelCommit,
  ChannelCommitted,
  Marker,
} from '../../src/core/ports.ts'
import { saidIn } from './payload.ts'
import { Spans } from './spans.ts'

/** One message of a room. */
export interface RoomMessage {
  readonly offset: number
  readonly said: string
  /** `null`: the app itself. */
  readonly author: string | null
  readonly type: string | undefined
  readonly storedAt: number
  /** Id of the notice that was written with it. */
  readonly notice: string | undefined
}

/** A member as the rules have it, worked out from what was done and not from what the store answers. */
export interface RoomMember {
  /** The room's head when it became a member. */
  readonly joined: number
  /** Offset up to which it has read. */
  read: number
}

interface Told {
  readonly commit: ChannelCommit
  readonly committed: ChannelCommitted
  readonly now: number
}

/** How long a link may take from being let in to its join. */
const maxComingMs = 30_000

/** One life of a room: its messages, who is a member, and how far each has read (spec/hipochat.md §7). */
export class RoomLife {
  readonly epoch: string
  readonly bornAt: number
  /** Every entry is a message: then counts can be known of any offset. */
  isPure: boolean
  closed: boolean
  wasOpen: boolean
  historySize = 0
  readonly messages: RoomMessage[] = []
  readonly members = new Map<string, RoomMember>()
  /** How far users have read at most, also those who are members no more. */
  readonly reads = new Map<string, number>()
  readonly memberships = new Spans()
  /** When links were let in whose joins were no commits yet. */
  readonly #entrances = new Map<string, number[]>()
  /** In the room by any connection. */
  readonly stays = new Spans()
  readonly bans = new Spans()
  /** The head when somebody left by a wish of its page or the app: nothing is told of what came until then. */
  readonly wentAt = new Map<string, number>()
  /** Since when there has been a member without a break. */
  peopledSince: number | undefined
  #head = 0

  readonly #isWanted: (user: string) => boolean

  /** `isWanted`: the app has asked for the user to be added. */
  constructor(
    epoch: string,
    room: {
      closed: boolean
      head: number
      now: number
      isWanted: (user: string) => boolean
    },
  ) {
    this.epoch = epoch
    this.#isWanted = room.isWanted
    this.closed = room.closed
    this.wasOpen = !room.closed
    this.bornAt = room.now
    this.isPure = room.head === 0
    this.#head = room.head
  }

  get head(): number {
    return this.#head
  }

  /** Messages that are shown after an offset. */
  after(offset: number): RoomMessage[] {
    const from = Math.max(offset, this.#head - this.historySize)
    return this.messages.filter((message) => message.offset > from)
  }

  unreadOf(user: string): number {
    const member = this.members.get(user)
    return member === undefined ? 0 : this.after(member.read).length
  }

  #noteEntrance(user: string, now: number): void {
    const known = this.#entrances.get(user)
    if (known === undefined) this.#entrances.set(user, [now])
    else known.push(now)
  }

  /** A link had been let in and its join may have been no commit yet: what is stored then is for a push, and for the link. */
  mayBeComing(user: string, at: number): boolean {
    return (this.#entrances.get(user) ?? []).some(
      (since) => since <= at && at - since < maxComingMs,
    )
  }

  /** Whether the room may have let the user in at some moment since. */
  mayHaveAdmitted(user: string, since: number, now: number): boolean {
    if (this.memberships.touches(user, since, now)) return true
    return this.wasOpen && !this.bans.covers(user, since, now)
  }

  /** Takes a commit; what the store says of markers must be what the rules say. Answers what is wrong. */
  note(told: Told): string[] {
    const { commit, committed, now } = told
    if (committed.room !== undefined) {
      this.closed = committed.room.closed
      if (!this.closed) this.wasOpen = true
    }
    if (committed.options !== undefined) this.historySize = committed.options.values.history_size
    const before = new Map([...this.members].map(([user, { read }]) => [user, read]))
    const problems = this.#noteChanges(told)
    this.#head = committed.head.offset
    for (const { user } of committed.left) {
      this.stays.end(user, now)
      const isDeparture = commit.changes.some((each) => each.change === 'away')
      if (!isDeparture) this.wentAt.set(user, this.#head)
    }
    for (const { user } of committed.entered) this.stays.begin(user, now)
    if (this.members.size === 0) this.peopledSince = undefined
    else this.peopledSince ??= now
    const joins = commit.changes.flatMap((each) => (each.change === 'member' ? [each.user] : []))
    for (const user of joins) before.delete(user)
    return [...problems, ...this.#checkMarkers(before, committed.markers ?? [])]
  }

  #noteChanges({ commit, committed, now }: Told): string[] {
    const entries = [...committed.entries]
    const notice = commit.changes.find((each) => each.change === 'notice')?.notice.id
    return commit.changes.flatMap((change) => {
      if (change.change === 'member') return this.#noteMember(change, commit, now)
      if (change.change === 'marker') {
        this.#read(change.user, change.marker.offset)
        if (isEntrance(commit)) this.#noteEntrance(change.user, now)
      }
      const entry = change.change === 'entry' ? entries.shift() : undefined
      if (entry !== undefined) this.#noteMessage(entry, { now, notice })
      return []
    })
  }

  #noteMessage(entry: Entry, at: { now: number; notice: string | undefined }): void {
    const author = entry.author.user ?? null
    this.#head = entry.offset
    this.messages.push({
      offset: entry.offset,
      said: saidIn(JSON.parse(entry.content)),
      author,
      type: entry.type,
      storedAt: at.now,
      notice: at.notice,
    })
    // Whoever says something has read what was said before.
    if (author !== null) this.#read(author, entry.offset)
  }

  #read(user: string, offset: number): void {
    const member = this.members.get(user)
    if (member === undefined) return
    member.read = Math.max(member.read, Math.min(offset, this.#head))
    this.reads.set(user, Math.max(this.reads.get(user) ?? 0, member.read))
  }

  #noteMember(
    change: Extract<ChannelChange, { change: 'member' }>,
    commit: ChannelCommit,
    now: number,
  ): string[] {
    const { user } = change
    if (change.act === 'remove') {
      this.members.delete(user)
      this.memberships.end(user, now)
      this.bans.begin(user, now)
      return []
    }
    if (this.members.has(user)) return []
    const wasShutOut = this.closed || this.bans.isOpen(user)
    this.members.set(user, { joined: this.#head, read: this.#head })
    this.#read(user, this.#head)
    this.memberships.begin(user, now)
    this.bans.end(user, now)
    // Whom a room is made for, and whom the app adds.
    const isMeant = commit.expect.absent || (this.#isWanted(user) && !commit.expect.admits)
    return wasShutOut && !isMeant ? [`lets ${user} in, who was shut out`] : []
  }

  #checkMarkers(
    before: ReadonlyMap<string, number>,
    told: readonly { readonly user: string; readonly marker: Marker }[],
  ): string[] {
    const problems: string[] = []
    const moved = new Map(told.map(({ user, marker }) => [user, marker]))
    for (const [user, read] of before) {
      const { read: now } = this.members.get(user) ?? { read }
      const marker = moved.get(user)
      if (now === read && marker === undefined) continue
      if (marker?.offset !== now) {
        problems.push(`moves ${user} from ${read} to ${marker?.offset}, not to ${now}`)
      } else if (this.isPure && marker.count !== now) {
        problems.push(`counts ${marker.count} messages up to ${now} for ${user}`)
      }
    }
    return problems
  }
}

/** A link of talk is let in: it has read the room as it is. */
function isEntrance({ changes }: ChannelCommit): boolean {
  const kinds = new Set<string>(changes.map(({ change }) => change))
  kinds.delete('member')
  return kinds.size === 1 && changes.some(isToHead)
}

function isToHead(change: ChannelChange): boolean {
  return change.change === 'marker' && change.marker.offset === Number.MAX_SAFE_INTEGER
}
