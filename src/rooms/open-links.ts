import type { Connection } from '../core/connection.ts'
import { Deadlines } from '../core/deadlines.ts'
import { Refusal } from '../core/errors.ts'
import type { ChannelChange } from '../core/ports.ts'
import { commitRoom } from './commit-room.ts'
import type { RoomContext } from './room-context.ts'

/** How often what open links were sent is written down as read (spec/hipochat.md §2). */
const markIntervalMs = 5000
const retryMs = 10_000

/**
 * The open links of rooms: what they are sent counts as read, and their tokens are asked again from time to time. One
 * timer each for all of them.
 */
export class OpenLinks {
  readonly #rooms: RoomContext
  /** By room. */
  readonly #links = new Map<string, Set<Connection>>()
  readonly #rechecks: Deadlines<Connection>
  /** Tokens live here only, for as long as their links. */
  readonly #tokens = new Map<Connection, string>()
  /** Until when an app that gives no answer is borne with. */
  readonly #graceEnds = new Map<Connection, number>()
  #cancelMark: (() => void) | undefined

  constructor(rooms: RoomContext) {
    this.#rooms = rooms
    this.#rechecks = new Deadlines(rooms.core.clock, (connection) => {
      rooms.core.background('recheck token', this.#recheck(connection))
    })
  }

  add(connection: Connection, token: string): void {
    const room = connection.only
    if (room === undefined || connection.stage === 'closed') return
    const links = this.#links.get(room)
    if (links === undefined) this.#links.set(room, new Set([connection]))
    else links.add(connection)
    this.#tokens.set(connection, token)
    this.#recheckIn(connection, this.#rooms.settings.talkRecheckMs)
    this.#schedule()
  }

  /** Writes down what has been read, then lets go of all links. */
  async stop(): Promise<void> {
    this.#cancelMark?.()
    this.#rechecks.close()
    // A store that is down must not keep the server from stopping: what is not written counts as unread.
    await this.#mark().catch((error: unknown) =>
      this.#rooms.core.telemetry.failure('read markers', error),
    )
    this.#cancelMark?.()
    this.#links.clear()
    this.#tokens.clear()
  }

  #schedule(): void {
    this.#cancelMark ??= this.#rooms.core.clock.after(markIntervalMs, () => {
      this.#cancelMark = undefined
      this.#rooms.core.background('read markers', this.#mark())
    })
  }

  async #mark(): Promise<void> {
    this.#forgetClosed()
    const marks = [...this.#links].map(([room, links]) => this.#markRoom(room, links))
    const outcomes = await Promise.allSettled(marks)
    if (this.#links.size > 0 && !this.#rooms.core.stopping()) this.#schedule()
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
  }

  /** One commit for all links of a room, however many there are. */
  async #markRoom(name: string, links: ReadonlySet<Connection>): Promise<void> {
    const room = [...links].find((link) => link.channels.has(name))?.channels.get(name)?.channel
    if (room === undefined || room.gone) return
    const { offset, count } = room.head
    const marker = { offset, count }
    const behind = [...links].filter(
      (link) => link.channels.has(name) && (link.readTo?.offset ?? 0) < offset,
    )
    const users = new Set(behind.flatMap((link) => link.user?.name ?? []))
    if (users.size === 0) return
    const changes = [...users].map((user): ChannelChange => ({ change: 'marker', user, marker }))
    try {
      await commitRoom(this.#rooms, room, { changes })
    } catch (error) {
      if (error instanceof Refusal && error.code === 'room_gone') return
      throw error
    }
    for (const link of behind) link.readTo = marker
  }

  #forgetClosed(): void {
    for (const [room, links] of this.#links) {
      for (const link of links) if (link.stage === 'closed') this.#forget(room, link)
    }
  }

  #forget(room: string, link: Connection): void {
    const links = this.#links.get(room)
    links?.delete(link)
    if (links?.size === 0) this.#links.delete(room)
    this.#rechecks.clear(link)
    this.#tokens.delete(link)
    this.#graceEnds.delete(link)
  }

  #recheckIn(connection: Connection, ms: number): void {
    if (ms > 0) this.#rechecks.set(connection, ms)
  }

  async #recheck(connection: Connection): Promise<void> {
    const { profiles, settings } = this.#rooms
    const token = this.#tokens.get(connection)
    if (token === undefined || connection.stage !== 'connected') return
    const answer = await profiles.profile(token, 'fresh')
    if (answer.outcome === 'failed') {
      this.#bear(connection)
    } else if (answer.outcome === 'known' && answer.profile.user === connection.user?.name) {
      this.#graceEnds.delete(connection)
      this.#recheckIn(connection, settings.talkRecheckMs)
    } else connection.close(new Refusal('authentication_error'))
  }

  /** The app's trouble is not the user's: the link stays for the grace, then it is closed. */
  #bear(connection: Connection): void {
    const { core, settings } = this.#rooms
    const now = core.clock.now()
    const ends = this.#graceEnds.get(connection) ?? now + settings.refreshGraceMs
    this.#graceEnds.set(connection, ends)
    if (now >= ends) connection.close(new Refusal('authentication_error'))
    else this.#rechecks.set(connection, Math.min(retryMs, ends - now))
  }
}
