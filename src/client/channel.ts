import { type ChannelEvents, compareStates } from './channel-events.ts'
import { ChannelLog } from './channel-log.ts'
import { ChannelReader } from './channel-reader.ts'
import { Emitter } from './emitter.ts'
import type { Entry, HistoryItem, HistoryPage, Position } from './entry.ts'
import { type FrameArgs, isObject, listOf, textOf } from './frames.ts'
import { type ChannelStatus, Membership, type MembershipPorts } from './membership.ts'
import type { HistoryQuery, Published, PublishOptions } from './offhook.ts'
import type { OffhookError } from './offhook-error.ts'
import type { Wish } from './outbox.ts'
import { isEntry, readItem, readPage } from './read-frames.ts'

/** What a channel does through its client. */
export interface ChannelHost {
  readonly maxEntries: number
  /** One's own name, once connected. */
  readonly user: string | undefined
  /** Why nothing can be asked now or later, if so. */
  readonly refusal: OffhookError | undefined
  /** An id for a publish that nobody else has. */
  newId(): string
  /** Sends a frame when there is a link. */
  ask(request: ChannelRequest): Promise<FrameArgs>
  /** SUBSCRIBE and UNSUBSCRIBE go beside the queue: see MembershipPorts. */
  send(name: string, args: FrameArgs, answered: (answer: FrameArgs | OffhookError) => void): boolean
  backOff: MembershipPorts['backOff']
  /** The channel is used: its frames must find it. */
  adopt(channel: ChannelView): void
}

/** A frame about a channel. */
export interface ChannelRequest extends Pick<Wish, 'name' | 'repeat' | 'onRetry' | 'lane'> {
  readonly args: FrameArgs
}

/** A channel as this page sees it; pages know it as `Channel` (offhook.ts). */
export class ChannelView {
  readonly name: string
  /** What the subscribe hook gave with the last snapshot that had it. */
  initialData: unknown
  readonly #host: ChannelHost
  readonly #log: ChannelLog
  readonly #membership: Membership
  readonly #emitter = new Emitter<ChannelEvents>()
  readonly #readers = new Set<ChannelReader>()
  #status: ChannelStatus = 'idle'
  #loading: Promise<boolean> | undefined

  constructor(name: string, host: ChannelHost) {
    this.name = name
    this.#host = host
    this.#log = new ChannelLog(host.maxEntries)
    this.#membership = new Membership({
      send: (frame, answered) => host.send(frame, this.#membershipArgs(frame), answered),
      backOff: (again) => host.backOff(again),
      changed: () => this.#statusMayHaveChanged(),
    })
  }

  get status(): ChannelStatus {
    return this.#membership.status
  }

  get error(): OffhookError | undefined {
    return this.#membership.error
  }

  get entries(): readonly Entry[] {
    return this.#log.entries
  }

  get users(): readonly string[] {
    return this.#log.users
  }

  get state(): ReadonlyMap<string, unknown> {
    return this.#log.state
  }

  get position(): Position | undefined {
    return this.#log.position
  }

  /** Whether it is to be resumed on the next link. */
  get isWanted(): boolean {
    return this.#membership.isWanted
  }

  /** Whether somebody holds on to it. */
  get isUsed(): boolean {
    return this.isWanted || this.#readers.size > 0 || this.#emitter.isUsed
  }

  on<Name extends keyof ChannelEvents>(
    name: Name,
    listener: (event: ChannelEvents[Name]) => void,
  ): () => void {
    this.#host.adopt(this)
    return this.#emitter.on(name, listener)
  }

  subscribe(): Promise<void> {
    const { refusal } = this.#host
    if (refusal !== undefined) return Promise.reject(refusal)
    this.#host.adopt(this)
    return this.#membership.join()
  }

  unsubscribe(): Promise<void> {
    const { refusal } = this.#host
    return refusal === undefined ? this.#membership.leave() : Promise.reject(refusal)
  }

  async publish(payload: unknown, options: PublishOptions = {}): Promise<Published> {
    const id = options.id ?? this.#host.newId()
    const answer = await this.#ask('PUBLISH', { payload, id }, 'wait')
    const { epoch, offset, datetime, duplicate = false } = answer
    return { id, epoch, offset, datetime, duplicate } as Published
  }

  async history(query?: HistoryQuery): Promise<HistoryPage> {
    return readPage(this.name, await this.#ask('HISTORY', { ...query }, 'fail'))
  }

  async presence(): Promise<string[]> {
    return listOf(await this.#ask('PRESENCE', {}, 'fail'), 'presence') as string[]
  }

  /** Pages call it as often as they like: one request is under way at a time. */
  loadOlder(limit = 50): Promise<boolean> {
    this.#loading ??= this.#loadOlder(limit).finally(() => {
      this.#loading = undefined
    })
    return this.#loading
  }

  [Symbol.asyncIterator](): AsyncGenerator<Entry, undefined> {
    const reader = new ChannelReader()
    this.#readers.add(reader)
    this.subscribe().catch((error: OffhookError) => reader.end(error))
    return reader.read(() => this.#readers.delete(reader))
  }

  /** A frame that concerns this channel. */
  take(name: string, args: FrameArgs): void {
    if (name === 'STATE_UPDATE') this.#takeState(args)
    else if (name === 'SUBSCRIBE' && Object.hasOwn(args, 'epoch')) this.#takeSnapshot(args)
    else if (name === 'UNSUBSCRIBE' && args.user === this.#host.user) this.#takeOwnLeave()
    else if (this.#membership.status === 'subscribed') this.#takeItem(name, args)
  }

  /** There is a link again. */
  linked(): void {
    this.#membership.sync()
  }

  /** The link is gone. */
  lost(): void {
    this.#membership.lost()
  }

  /** Nothing will come any more. */
  end(error: OffhookError): void {
    this.#membership.fail(error)
    for (const reader of this.#readers) reader.end()
  }

  #ask(name: string, args: FrameArgs, onRetry: 'wait' | 'fail'): Promise<FrameArgs> {
    return this.#host.ask({
      name,
      args: { channel_name: this.name, ...args },
      repeat: 'repeat',
      onRetry,
      lane: this.name,
    })
  }

  #membershipArgs(frame: string): FrameArgs {
    const since = this.#log.position
    const isResume = frame === 'SUBSCRIBE' && since !== undefined
    return { channel_name: this.name, ...(isResume ? { since } : {}) }
  }

  async #loadOlder(limit: number): Promise<boolean> {
    const before = this.#log.olderBefore
    if (before === undefined) return false
    const page = await this.history({ before, limit })
    if (!this.#log.prepend(page)) return false
    this.#emitter.emit('change', undefined)
    return this.#log.olderBefore !== undefined
  }

  #takeSnapshot(args: FrameArgs): void {
    const { users, state } = this.#log
    const { how, page, news } = this.#log.takeSnapshot(this.name, args)
    if (Object.hasOwn(args, 'initial_data')) this.initialData = args['initial_data']
    this.#membership.attached()
    if (how === 'reset') {
      this.#emitter.emit('reset', page)
      for (const entry of news.filter(isEntry)) this.#toReaders(entry)
    } else for (const item of news) this.#tell(item)
    const change = compareStates(state, this.#log.state)
    if (change.updates.size + change.deletes.length > 0) this.#emitter.emit('state', change)
    if (users.join('\n') !== this.users.join('\n')) this.#emitter.emit('users', this.users)
    this.#emitter.emit('change', undefined)
  }

  #takeItem(name: string, args: FrameArgs): void {
    const item = readItem(this.name, name, args)
    const { users } = this.#log
    if (item === undefined || !this.#log.takeItem(item)) return
    this.#tell(item)
    if (users !== this.users) this.#emitter.emit('users', this.users)
    this.#emitter.emit('change', undefined)
  }

  #takeOwnLeave(): void {
    this.#membership.detached()
    if (!this.isWanted) for (const reader of this.#readers) reader.end()
  }

  #takeState(args: FrameArgs): void {
    const updates = isObject(args.updates) ? args.updates : {}
    const deletes = listOf(args, 'deletes') as string[]
    this.#log.takeState(updates, deletes)
    this.#emitter.emit('state', { updates: new Map(Object.entries(updates)), deletes })
    this.#emitter.emit('change', undefined)
  }

  #tell(item: HistoryItem): void {
    if (item.type === 'publish') {
      this.#emitter.emit('entry', item)
      this.#toReaders(item)
    } else this.#emitter.emit(item.type, item)
  }

  #toReaders(entry: Entry): void {
    for (const reader of this.#readers) reader.push(entry)
  }

  #statusMayHaveChanged(): void {
    const { status } = this.#membership
    const isNew = status !== this.#status
    this.#status = status
    if (isNew) this.#emitter.emit('status', status)
    this.#emitter.emit('change', undefined)
  }
}

/** Whether the frame names a channel. */
export function channelOf(args: FrameArgs): string | undefined {
  return typeof args.channel_name === 'string' ? textOf(args, 'channel_name') : undefined
}
