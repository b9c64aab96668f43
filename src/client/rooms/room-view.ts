import type { Client } from '../client.ts'
import { Emitter } from '../emitter.ts'
import type { Entry, Position } from '../entry.ts'
import { type FrameArgs, listOf, textOf } from '../frames.ts'
import { numberOf, readItem } from '../read-frames.ts'
import { ReadMarker } from './read-marker.ts'
import type { RoomEvents, RoomSummary, UnreadChange } from './rooms.ts'
import { TypingUsers } from './typing-users.ts'
import { UnreadCount } from './unread-count.ts'

/** As often as the server tells others. */
const typingIntervalMs = 3000

/** What a room does through the list of all rooms. */
export interface RoomHost {
  readonly client: Pick<Client, 'user' | 'state' | 'ask' | 'send' | 'channel'>
  /** Brings all rooms to what the server has; offline it waits. */
  refresh(): Promise<void>
  /** What is known may not be right any more. */
  doubted(): void
  /** The summary is another one; so is the count where `unread` is given. */
  changed(unread: UnreadChange | undefined): void
}

/** What ROOMS says besides the count. */
type Details = Pick<RoomSummary, 'position' | 'members' | 'closed' | 'last'>

/** A room as this page sees it; pages know it as `Room` (rooms.ts). */
export class RoomView {
  readonly name: string
  /** The same until something changes; undefined: the user is no member, as far as is known. */
  summary: RoomSummary | undefined
  readonly #host: RoomHost
  readonly #emitter = new Emitter<RoomEvents>()
  readonly #marker: ReadMarker
  readonly #typing: TypingUsers
  #count = new UnreadCount()
  /** Its channel is used: else a list of many rooms would make as many channels. */
  #isHeard = false
  #toldTypingAt = -typingIntervalMs

  constructor(name: string, host: RoomHost) {
    this.name = name
    this.#host = host
    this.#marker = new ReadMarker(this, host)
    this.#typing = new TypingUsers(() => {
      this.#emitter.emit('typing', this.typingUsers)
      this.#emitter.emit('change', undefined)
    })
  }

  get isMember(): boolean {
    return this.summary !== undefined
  }

  get unread(): number {
    return this.summary?.unread ?? 0
  }

  get readOffset(): number {
    return this.summary?.readOffset ?? 0
  }

  get typingUsers(): readonly string[] {
    return this.#typing.names
  }

  on<Name extends keyof RoomEvents>(
    name: Name,
    listener: (event: RoomEvents[Name]) => void,
  ): () => void {
    if (!this.isMember) this.#host.doubted()
    return this.#emitter.on(name, listener)
  }

  read(offset?: number): Promise<void> {
    const { isWanted, position } = this.#host.client.channel(this.name)
    const seen = isWanted ? position : this.summary?.position
    return this.#marker.move(offset ?? seen?.offset ?? 0)
  }

  typing(): void {
    const { client } = this.#host
    const now = performance.now()
    if (now - this.#toldTypingAt < typingIntervalMs) return
    if (client.channel(this.name).status !== 'subscribed') return
    client.send('TYPING', { channel_name: this.name }, nothing)
    this.#toldTypingAt = now
  }

  /** ROOMS is asked. */
  asked(): void {
    this.#count.asked()
  }

  /** What the answer says of this room; undefined: it is none of the user's. */
  answered(args: FrameArgs | undefined): void {
    if (args === undefined) {
      this.#count = new UnreadCount()
      this.#update(undefined)
      return
    }
    const position = positionOf(args)
    const [readOffset, unread] = [numberOf(args, 'read_offset'), numberOf(args, 'unread')]
    this.#count.takeRoom({ position, readOffset, unread })
    const [name, item] = listOf(args, 'last')
    const last = item === undefined ? undefined : (readItem(this.name, name, item) as Entry)
    this.#update({
      position,
      members: numberOf(args, 'members'),
      closed: args['closed'] === true,
      last,
    })
  }

  /** A frame that names this room's channel. */
  take(name: string, args: FrameArgs): void {
    if (name === 'TYPING') this.#typing.started(textOf(args, 'user'))
    else this.#typing.stopped(args.user)
    this.#isHeard = true
    if (Object.hasOwn(args, 'epoch')) this.#takeSnapshot(args)
    else if (name === 'PUBLISH') this.#takePublish(args)
    else if (name === 'READ') this.#takeRead(args)
    else {
      // Perhaps it was not the page's wish, and the user is no member any more.
      if (name === 'UNSUBSCRIBE' && args.user === this.#host.client.user) this.#host.doubted()
      return
    }
    this.#update(this.summary)
  }

  /** Nothing of what was known counts any more: the client is closed, or another user's. */
  end(): void {
    this.#typing.clear()
  }

  #takeRead(args: FrameArgs): void {
    const isPlaced = this.#count.takeRead(numberOf(args, 'offset'), numberOf(args, 'unread'))
    if (!(isPlaced && this.isMember)) this.#host.doubted()
  }

  #takePublish(args: FrameArgs): void {
    const author = args.user === this.#host.client.user ? 'oneself' : 'another'
    this.#count.takePublish(numberOf(args, 'offset'), author)
  }

  #takeSnapshot(args: FrameArgs): void {
    const position = positionOf(args)
    this.#count.limit = numberOf(args, 'history_size')
    if (args['recovered'] === true && position.epoch === this.summary?.position.epoch) {
      for (const [, item] of listOf(args, 'history') as [string, FrameArgs][]) {
        this.#takePublish(item)
      }
    } else this.#count.takeReset(position)
    this.#host.doubted()
  }

  /** The channel may know of newer entries than ROOMS did. */
  #newestOf(details: Details): Details {
    if (!this.#isHeard) return details
    const { position, entries } = this.#host.client.channel(this.name)
    const isAhead =
      position?.epoch === details.position.epoch && position.offset > details.position.offset
    return isAhead ? { ...details, position, last: entries.at(-1) } : details
  }

  #update(details: Details | undefined): void {
    if (details === this.summary && !this.isMember) return
    const { name, unread, readOffset } = this
    this.summary = details && { ...this.#newestOf(details), ...this.#count.told, name }
    const change = { room: name, unread: this.unread, readOffset: this.readOffset }
    const isCounted = unread !== change.unread || readOffset !== change.readOffset
    if (isCounted) this.#emitter.emit('unread', change)
    this.#emitter.emit('change', undefined)
    this.#host.changed(isCounted ? change : undefined)
  }
}

function positionOf(args: FrameArgs): Position {
  return { epoch: textOf(args, 'epoch'), offset: numberOf(args, 'offset') }
}

function nothing(): void {
  // whether anybody is told does not matter
}
