import { channelOf } from '../channel.ts'
import type { Client } from '../client.ts'
import { Emitter } from '../emitter.ts'
import { type Frame, type FrameArgs, listOf, textOf } from '../frames.ts'
import type { ConnectionStatus } from '../offhook.ts'
import { type RoomHost, RoomView } from './room-view.ts'
import type { RoomSummary, RoomsEvents, UnreadChange } from './rooms.ts'

/** Attack: a server that never says where the list ends. */
const maxRooms = 10_000
/** No channel has this name. */
const lane = '\nrooms'

/** The rooms of one client's user; pages know it as `Rooms` (rooms.ts). */
export class RoomList implements RoomHost {
  readonly client: Client
  isLoaded = false
  readonly #emitter = new Emitter<RoomsEvents>()
  readonly #rooms = new Map<string, RoomView>()
  #current: readonly RoomSummary[] | undefined
  #user: string | undefined
  /** Somebody looks: ROOMS may be asked. */
  #isUsed = false
  #isDoubted = false
  #reading: Promise<void> | undefined
  #readingNext: Promise<void> | undefined
  /** The reading that is under way has begun over an earlier link, or for another user. */
  #isOld = false

  constructor(client: Client) {
    this.client = client
    this.#user = client.user
    client.on('frame', (frame) => this.#take(frame))
    client.on('state', (status) => this.#takeState(status))
  }

  get current(): readonly RoomSummary[] {
    this.#current ??= [...this.#rooms.values()]
      .map(({ summary }) => summary)
      .filter((summary) => summary !== undefined)
    return this.#current
  }

  async list(): Promise<readonly RoomSummary[]> {
    this.#isUsed = true
    await this.refresh()
    return this.current
  }

  room(name: string): RoomView {
    this.#isUsed = true
    const room = this.#rooms.get(name) ?? new RoomView(name, this)
    this.#rooms.set(name, room)
    return room
  }

  on<Name extends keyof RoomsEvents>(
    name: Name,
    listener: (event: RoomsEvents[Name]) => void,
  ): () => void {
    this.#isUsed = true
    if (!this.isLoaded) this.doubted()
    return this.#emitter.on(name, listener)
  }

  /**
   * One ROOMS at a time. The one that is under way may have been answered before what the caller wants to see, so all
   * who call meanwhile share the next one.
   */
  refresh(): Promise<void> {
    if (this.#reading === undefined) {
      this.#reading = this.#readAll().finally(() => {
        this.#reading = undefined
      })
      return this.#reading
    }
    const next = () => {
      this.#readingNext = undefined
      return this.refresh()
    }
    this.#readingNext ??= this.#reading.then(next, next)
    return this.#readingNext
  }

  doubted(): void {
    this.#isDoubted = this.#isUsed
    // Snapshots come in swarms. Without a link there is nothing to do: the next one brings ROOMS anyway.
    queueMicrotask(() => {
      if (this.#isDoubted && this.client.state === 'connected') this.refresh().catch(nothing)
      this.#isDoubted = false
    })
  }

  changed(unread: UnreadChange | undefined): void {
    this.#current = undefined
    if (unread !== undefined) this.#emitter.emit('unread', unread)
    this.#emitter.emit('change', undefined)
  }

  async #readAll(): Promise<void> {
    const others = new Map(this.#rooms)
    this.#isOld = false
    this.#isDoubted = false
    for (const room of others.values()) room.asked()
    let after = ''
    do {
      const args = after === '' ? {} : { after }
      const frame = { name: 'ROOMS', args, repeat: 'repeat', onRetry: 'wait', lane } as const
      const page = await this.client.ask(frame)
      for (const room of listOf(page, 'rooms') as FrameArgs[]) {
        const name = textOf(room, 'channel_name')
        this.room(name).answered(room)
        others.delete(name)
      }
      after = textOf(page, 'next')
      this.#isOld = true
    } while (after !== '' && this.#rooms.size < maxRooms)
    for (const room of others.values()) room.answered(undefined)
    this.isLoaded = true
    this.changed(undefined)
  }

  #take({ name, args }: Pick<Frame, 'name' | 'args'>): void {
    if (name === 'CONNECTED') this.#takeUser()
    const channel = channelOf(args)
    const room = this.#rooms.get(channel ?? '')
    if (room !== undefined) room.take(name, args)
    else if (name === 'READ') this.doubted()
  }

  /** Rooms, counts and markers are one user's. */
  #takeUser(): void {
    const before = this.#user
    this.#user = this.client.user
    if (before === undefined || before === this.#user) return
    this.isLoaded = false
    this.#isOld = true
    this.#end()
    for (const room of this.#rooms.values()) room.answered(undefined)
  }

  #takeState({ state }: ConnectionStatus): void {
    if (state === 'closed') this.#end()
    if (state !== 'connected' || !this.#isUsed) return
    // Markers that moved while there was no link were told to nobody here.
    if (this.#reading === undefined || this.#isOld) this.refresh().catch(nothing)
  }

  #end(): void {
    for (const room of this.#rooms.values()) room.end()
  }
}

function nothing(): void {
  // the next link, or the page's own call, asks again
}
