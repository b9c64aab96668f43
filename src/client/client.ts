import { Backoff } from './backoff.ts'
import { type ChannelHost, type ChannelRequest, ChannelView, channelOf } from './channel.ts'
import { connectArgs } from './connect-args.ts'
import { Emitter } from './emitter.ts'
import type { Message } from './entry.ts'
import { type Frame, type FrameArgs, textOf } from './frames.ts'
import type { Channel, ClientEvents, ConnectionState, ConnectionStatus } from './offhook.ts'
import { clientError, OffhookError } from './offhook-error.ts'
import type { Options } from './options.ts'
import { Outbox } from './outbox.ts'
import { createId } from './publish-id.ts'
import { Session, type SessionEnd } from './session.ts'
import { TransportOrder } from './transport-order.ts'
import { onWake } from './wake.ts'

/** A link that lived so long was a good one: the next wait is short again. */
const goodLinkMs = 5000
/** Name, id and punctuation of a frame, generously. */
const frameHeadBytes = 64
/** Channels of which only the name may be left, before those that nobody uses are forgotten. */
const maxIdleChannels = 1000

/** What modules of the SDK's own may listen to besides: all that rooms/ costs a page without rooms. */
export interface InnerEvents extends ClientEvents {
  /** Any frame but answers, after the client has taken it. */
  frame: Pick<Frame, 'name' | 'args'>
}

/** The client behind `connect`; pages know it as `Offhook` (offhook.ts). */
export class Client implements ChannelHost {
  user: string | undefined
  payload: unknown
  connectionId: string | undefined
  readonly #base: string
  readonly #options: Options
  readonly #emitter = new Emitter<InnerEvents>()
  readonly #channels = new Map<string, ChannelView>()
  readonly #outbox: Outbox
  readonly #backoff: Backoff
  readonly #transports: TransportOrder
  #status: ConnectionStatus = { state: 'closed' }
  #session: Session | undefined
  /** The session, while frames may be sent. */
  #ready: Session | undefined
  #readySince = 0
  #retry: ReturnType<typeof setTimeout> | undefined
  #stopWaking: () => void = nothing

  constructor(base: string, options: Options) {
    this.#base = base
    this.#options = options
    const { minReconnectMs: minMs, maxReconnectMs: maxMs } = options
    this.#backoff = new Backoff({ minMs, maxMs })
    this.#outbox = new Outbox(options, (again) => this.backOff(again))
    this.#transports = new TransportOrder(options.transports)
  }

  get status(): ConnectionStatus {
    return this.#status
  }

  get state(): ConnectionState {
    return this.#status.state
  }

  get maxEntries(): number {
    return this.#options.maxEntries
  }

  get refusal(): OffhookError | undefined {
    const { state, error } = this.#status
    if (state === 'closed') return clientError('closed')
    return state === 'refused' ? error : undefined
  }

  on<Name extends keyof InnerEvents>(
    name: Name,
    listener: (event: InnerEvents[Name]) => void,
  ): () => void {
    return this.#emitter.on(name, listener)
  }

  channel(name: string): ChannelView {
    const known = this.#channels.get(name)
    if (known !== undefined) return known
    this.#forgetIdle()
    const channel = new ChannelView(name, this)
    this.#channels.set(name, channel)
    return channel
  }

  connect(): void {
    if (this.state === 'connecting' || this.state === 'connected') return
    this.#backoff.reset()
    this.#stopWaking()
    this.#stopWaking = onWake(() => this.#wake())
    this.#start()
  }

  close(): void {
    if (this.state === 'closed') return
    this.#stopWaking()
    clearTimeout(this.#retry)
    this.#session?.leave()
    this.#session = undefined
    const error = clientError('closed')
    this.#unready()
    this.#outbox.fail('all', error)
    for (const channel of this.#channels.values()) channel.end(error)
    this.#setStatus({ state: 'closed' })
  }

  async message(user: string, payload: unknown): Promise<void> {
    await this.ask({
      name: 'MESSAGE',
      args: { name: user, payload },
      repeat: 'once',
      onRetry: 'fail',
      lane: '',
    })
  }

  ask(request: ChannelRequest): Promise<FrameArgs> {
    const { refusal } = this
    if (refusal !== undefined) return Promise.reject(refusal)
    return new Promise((resolve, reject) => {
      const json = encodeArgs(request.args)
      const bytes = new TextEncoder().encode(json).length + frameHeadBytes
      if (bytes > this.#options.maxFrameBytes) {
        throw new OffhookError('frame_too_large', 'Frame too large')
      }
      this.#outbox.add({ ...request, json, bytes, resolve, reject })
    })
  }

  send(
    name: string,
    args: FrameArgs,
    answered: (answer: FrameArgs | OffhookError) => void,
  ): boolean {
    this.#ready?.ask(name, JSON.stringify(args), answered)
    return this.#ready !== undefined
  }

  backOff(again: () => void): void {
    const { minReconnectMs, maxReconnectMs } = this.#options
    const minMs = Math.min(2 * minReconnectMs, maxReconnectMs)
    setTimeout(again, minMs + new Backoff({ minMs, maxMs: maxReconnectMs }).next())
  }

  newId(): string {
    return createId()
  }

  adopt(channel: ChannelView): void {
    this.#channels.set(channel.name, channel)
  }

  #start(): void {
    clearTimeout(this.#retry)
    const session = new Session(
      {
        base: this.#base,
        transports: this.#transports.current,
        timing: this.#options,
        connectArgs: () => connectArgs(this.#options, this.#channels.values()),
      },
      {
        ready: () => this.#becomeReady(session),
        frame: (name, args) => this.#take(name, args),
        over: (end) => this.#over(session, end),
      },
    )
    this.#session = session
    this.#setStatus({ state: 'connecting' })
  }

  #becomeReady(session: Session): void {
    this.#transports.worked(session.transport)
    this.#ready = session
    this.#readySince = Date.now()
    this.#setStatus({ state: 'connected' })
    for (const channel of [...this.#channels.values()]) channel.linked()
    this.#outbox.open((wish, answered) => session.ask(wish.name, wish.json, answered))
  }

  #over(session: Session, { how, error, afterMs }: SessionEnd): void {
    this.#session = undefined
    if (!session.isHeard) this.#transports.failed(session.transport)
    if (this.#ready !== undefined && Date.now() - this.#readySince >= goodLinkMs) {
      this.#backoff.reset()
    }
    this.#unready()
    // Whatever it was, it must not end every link to come.
    if (error.code === 'frame_too_large') this.#outbox.fail('sent', error)
    this.#outbox.lost()
    if (how === 'refused') {
      this.#stopWaking()
      this.#setStatus({ state: 'refused', error })
      return
    }
    const retryInMs = afterMs ?? this.#backoff.next()
    this.#retry = setTimeout(() => this.#start(), retryInMs)
    this.#setStatus({ state: 'offline', error, retryInMs })
  }

  #unready(): void {
    this.#ready = undefined
    this.connectionId = undefined
    for (const channel of [...this.#channels.values()]) channel.lost()
  }

  #wake(): void {
    this.#ready?.probe()
    if (this.state !== 'offline') return
    this.#transports.reset()
    this.#start()
  }

  #take(name: string, args: FrameArgs): void {
    if (name === 'CONNECTED') this.#takeConnected(args)
    else if (name === 'MESSAGE') this.#emitter.emit('message', args as unknown as Message)
    else if (name === 'SET_COOKIE') setCookie(textOf(args, 'cookie'))
    else this.#takeChannelFrame(name, args)
    this.#emitter.emit('frame', { name, args })
  }

  #takeConnected(args: FrameArgs): void {
    const user = textOf(args, 'name')
    // What one user wrote offline is never sent as another.
    if (this.user !== undefined && this.user !== user) {
      this.#outbox.fail('all', clientError('user_changed'))
    }
    this.user = user
    this.payload = args.payload
    this.connectionId = textOf(args, 'connection_id')
  }

  #takeChannelFrame(frame: string, args: FrameArgs): void {
    const name = channelOf(args)
    if (name === undefined) return
    const known = this.#channels.get(name)
    if (known === undefined && !Object.hasOwn(args, 'epoch')) return
    const channel = known ?? this.channel(name)
    const wasWanted = channel.isWanted
    channel.take(frame, args)
    if (!wasWanted && channel.isWanted) {
      this.#emitter.emit('channel', channel as unknown as Channel)
    }
  }

  #setStatus(status: ConnectionStatus): void {
    this.#status = status
    this.#emitter.emit('state', status)
  }

  #forgetIdle(): void {
    if (this.#channels.size < maxIdleChannels) return
    for (const [name, channel] of this.#channels) if (!channel.isUsed) this.#channels.delete(name)
  }
}

function encodeArgs(args: FrameArgs): string {
  try {
    return JSON.stringify(args)
  } catch (cause) {
    throw new OffhookError('invalid_payload', 'Invalid json for payload', { cause })
  }
}

function setCookie(cookie: string): void {
  // biome-ignore lint/suspicious/noDocumentCookie: the one way that every browser has
  if (typeof document !== 'undefined') document.cookie = cookie
}

function nothing(): void {
  // there is nothing to stop yet
}
