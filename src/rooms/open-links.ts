import type { Connection } from '../core/connection.ts'
import { Deadlines } from '../core/deadlines.ts'
import { Refusal } from '../core/errors.ts'
import type { LocalChannel } from '../core/local-channel.ts'
import type { ChannelChange, Marker } from '../core/ports.ts'
import { commitRoom } from './commit-room.ts'
import type { RoomContext } from './room-context.ts'

/** How often what open links were sent is written down as read (spec/hipochat.md §2). */
const markIntervalMs = 5000
/** How soon after it was asked for a sign of life a link is looked at again. */
const answerMs = 1000
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
  /** How far each had been sent messages at a time since which it may not have been heard of. */
  readonly #sent = new WeakMap<Connection, { readonly at: number; readonly marker: Marker }>()
  /** Until when an app that gives no answer is borne with. */
  readonly #graceEnds = new Map<Connection, number>()
  #cancelMark: (() => void) | undefined
  /** Whether links were asked for a sign of life in this round. */
  #hasProbed = false
  /** Not right after a round in which they were: whoever did not answer is asked again with the others. */
  #mayProbe = true

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
    await this.#mark('all').catch((error: unknown) =>
      this.#rooms.core.telemetry.failure('read markers', error),
    )
    this.#cancelMark?.()
    this.#links.clear()
    this.#tokens.clear()
  }

  #schedule(ms = markIntervalMs): void {
    this.#cancelMark ??= this.#rooms.core.clock.after(ms, () => {
      this.#cancelMark = undefined
      this.#rooms.core.background('read markers', this.#mark('heard'))
    })
  }

  async #mark(whose: 'heard' | 'all'): Promise<void> {
    this.#mayProbe = !this.#hasProbed
    this.#hasProbed = false
    const marks = [...this.#links].map(([room, links]) => this.#markRoom(room, links, whose))
    const outcomes = await Promise.allSettled(marks)
    this.#forgetClosed()
    const goesOn = this.#links.size > 0 && !this.#rooms.core.stopping()
    if (goesOn) this.#schedule(this.#hasProbed ? answerMs : markIntervalMs)
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
  }

  /** One commit for all links of a room, however many there are. */
  async #markRoom(
    name: string,
    links: ReadonlySet<Connection>,
    whose: 'heard' | 'all',
  ): Promise<void> {
    const room = this.#rooms.core.hub.channels.get(name)
    if (room === undefined || room.gone) return
    const read = [...links].flatMap((link): (readonly [Connection, Marker])[] => {
      const marker = link.stage === 'closed' ? seenBy(link) : this.#readBy(link, room, whose)
      const isNew = marker !== undefined && marker.offset > (link.readTo?.offset ?? 0)
      return isNew ? [[link, marker]] : []
    })
    if (read.length === 0) return
    const changes = read.flatMap(([{ user }, marker]): ChannelChange[] =>
      user === undefined ? [] : [{ change: 'marker', user: user.name, marker }],
    )
    try {
      await commitRoom(this.#rooms, room, { changes })
    } catch (error) {
      if (error instanceof Refusal && error.code === 'room_gone') return
      throw error
    }
    for (const [link, marker] of read) link.readTo = marker
  }

  #readBy(link: Connection, room: LocalChannel, whose: 'heard' | 'all'): Marker | undefined {
    if (link.channels.get(room.name)?.channel !== room) return undefined
    return whose === 'all' ? headOf(room) : this.#arrived(link, room)
  }

  /**
   * How far a link was sent what it has shown signs of life after. A link that has died silently takes what is written
   * to it for a while: that is not read, and is told of when the link is given up.
   */
  #arrived(link: Connection, room: LocalChannel): Marker | undefined {
    const { heardAt } = link.link
    if (heardAt === undefined || heardAt > room.usedAt) return headOf(room)
    const sent = this.#sent.get(link)
    const isHeard = sent === undefined || heardAt >= sent.at
    if (isHeard) this.#sent.set(link, { at: this.#rooms.core.clock.now(), marker: headOf(room) })
    if (this.#mayProbe && room.head.offset > (link.readTo?.offset ?? 0)) {
      this.#hasProbed = true
      link.link.probe?.()
    }
    return isHeard ? sent?.marker : undefined
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

function headOf({ head: { offset, count } }: LocalChannel): Marker {
  return { offset, count }
}

/** How far an ended link was told; mostly its leave has said so already, but a drain is no leave. */
function seenBy({ departures, only }: Connection): Marker | undefined {
  const departure = departures?.find(([channel]) => channel === only)?.[1]
  return departure?.how === 'left' ? departure.seen : undefined
}
