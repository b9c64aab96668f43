import { encodeFrame, encodePayload, type FrameArgs, FrameDecoder, textOf } from './frames.ts'
import { Link, type LinkOptions } from './link.ts'
import type { Logger } from './logging.ts'
import { callPage } from './page-callback.ts'
import {
  Subscription,
  takeJoin,
  takeLeave,
  takePublish,
  takeSnapshot,
  takeState,
} from './subscription.ts'
import type { LinkEnd } from './transport.ts'

/** What `hookbox.connect` gathers. */
export interface ConnectionOptions extends LinkOptions {
  readonly payload: unknown
  readonly cookieString: string
  readonly logger: Logger
}

/** Calls made before CONNECTED; they go out in the order of the fields (spec/hookbox.md §8). */
interface Queued {
  readonly subscribes: FrameArgs[]
  readonly publishes: FrameArgs[]
  readonly messages: FrameArgs[]
}

/** One connection of the page, as old Hookbox pages know it. Pages assign the `on…` callbacks. */
export class Connection {
  username: string | null = null
  connected = false

  onOpen: (args: FrameArgs) => void = nothing
  onClose: (error?: unknown, wasConnected?: boolean) => void = nothing
  onConnectionLost: (reason: string) => void = nothing
  onError: (args: FrameArgs) => void = nothing
  onSubscribed: (channelName: string, subscription: Subscription, args: FrameArgs) => void = nothing
  onUnsubscribed: (subscription: Subscription, args: FrameArgs) => void = nothing
  onMessaged: (args: FrameArgs) => void = nothing

  readonly #logger: Logger
  readonly #decoder = new FrameDecoder()
  readonly #subscriptions = new Map<string, Subscription>()
  readonly #handlers = this.#createHandlers()
  readonly #queued: Queued = { subscribes: [], publishes: [], messages: [] }
  readonly #link: Link
  #state: 'connecting' | 'connected' | 'over' = 'connecting'
  #sentFrames = 0

  constructor(options: ConnectionOptions) {
    this.#logger = options.logger
    const connect = {
      cookie_string: options.cookieString,
      payload: encodePayload(options.payload),
    }
    this.#link = new Link(options, {
      opened: () => this.#send('CONNECT', connect),
      received: (text) => this.#receive(text),
      ended: (end) => this.#end(end),
      neverOpened: () => {
        this.#state = 'over'
        options.logger.warn('no link to', options.base)
      },
    })
  }

  subscribe(channelName: string): void {
    this.#sendOrKeep('SUBSCRIBE', 'subscribes', { channel_name: channelName })
  }

  publish(channelName: string, data?: unknown): void {
    const args = { channel_name: channelName, payload: encodePayload(data) }
    this.#sendOrKeep('PUBLISH', 'publishes', args)
  }

  message(user: string, data?: unknown): void {
    this.#sendOrKeep('MESSAGE', 'messages', { name: user, payload: encodePayload(data) })
  }

  /** Ends the connection; `onClose` follows if the link had opened. */
  disconnect(): void {
    this.connected = false
    this.#state = 'over'
    this.#link.close()
  }

  #sendOrKeep(name: string, queue: keyof Queued, args: FrameArgs): void {
    if (this.#state === 'connecting') this.#queued[queue].push(args)
    else this.#sendIfConnected(name, args)
  }

  #sendIfConnected(name: string, args: FrameArgs): void {
    if (this.#state === 'connected') this.#send(name, args)
    else this.#logger.warn(name, 'not sent: the connection is over')
  }

  #send(name: string, args: FrameArgs): void {
    this.#sentFrames += 1
    this.#link.send(encodeFrame({ id: this.#sentFrames, name, args }))
  }

  #receive(text: string): void {
    for (const frame of this.#decoder.push(text)) {
      // a callback may have called disconnect(): the page expects nothing after that
      if (this.#state === 'over') return
      if (frame === undefined) this.#logger.warn('not a frame')
      else this.#handlers.get(frame.name)?.(frame.args)
    }
  }

  #end(end: LinkEnd): void {
    this.#state = 'over'
    this.connected = false
    if (end === 'closed') callPage(() => this.onClose())
    else callPage(() => this.onConnectionLost(end))
  }

  #createHandlers(): ReadonlyMap<string, (args: FrameArgs) => void> {
    return new Map([
      ['CONNECTED', (args: FrameArgs) => this.#takeConnected(args)],
      ['SUBSCRIBE', (args) => this.#takeSubscribe(args)],
      ['UNSUBSCRIBE', (args) => this.#takeUnsubscribe(args)],
      ['PUBLISH', (args) => this.#toSubscription(args, takePublish)],
      ['STATE_UPDATE', (args) => this.#toSubscription(args, takeState)],
      ['MESSAGE', (args) => callPage(() => this.onMessaged(args))],
      ['ERROR', (args) => callPage(() => this.onError(args))],
      ['SET_COOKIE', (args) => setCookie(textOf(args, 'cookie'))],
    ])
  }

  #takeConnected(args: FrameArgs): void {
    this.username = textOf(args, 'name')
    this.connected = true
    this.#state = 'connected'
    for (const queued of this.#queued.subscribes.splice(0)) this.#send('SUBSCRIBE', queued)
    for (const queued of this.#queued.publishes.splice(0)) this.#send('PUBLISH', queued)
    for (const queued of this.#queued.messages.splice(0)) this.#send('MESSAGE', queued)
    callPage(() => this.onOpen(args))
  }

  /** Only the snapshot to the subscriber itself carries a history; all others tell who came. */
  #takeSubscribe(args: FrameArgs): void {
    if (args.user !== this.username || !Object.hasOwn(args, 'history')) {
      this.#toSubscription(args, takeJoin)
      return
    }
    const name = textOf(args, 'channel_name')
    const subscription = this.#subscriptions.get(name) ?? this.#createSubscription(name)
    takeSnapshot(subscription, args)
    callPage(() => this.onSubscribed(name, subscription, args))
  }

  #createSubscription(name: string): Subscription {
    const subscription = new Subscription(name, {
      publish: (data) => this.publish(name, data),
      cancel: () => this.#sendIfConnected('UNSUBSCRIBE', { channel_name: name }),
    })
    this.#subscriptions.set(name, subscription)
    return subscription
  }

  #takeUnsubscribe(args: FrameArgs): void {
    const name = textOf(args, 'channel_name')
    const subscription = this.#subscriptions.get(name)
    if (subscription === undefined) return
    if (args.user !== this.username) {
      takeLeave(subscription, args)
      return
    }
    subscription.canceled = true
    this.#subscriptions.delete(name)
    takeLeave(subscription, args)
    callPage(() => this.onUnsubscribed(subscription, args))
  }

  #toSubscription(
    args: FrameArgs,
    take: (subscription: Subscription, args: FrameArgs) => void,
  ): void {
    const subscription = this.#subscriptions.get(textOf(args, 'channel_name'))
    if (subscription !== undefined) take(subscription, args)
  }
}

function nothing(): void {
  // the page has not assigned this callback
}

/** A cookie that a hook's answer set (spec/hookbox.md §5). */
function setCookie(cookie: string): void {
  // biome-ignore lint/suspicious/noDocumentCookie: the one way that every browser has
  document.cookie = cookie
}
