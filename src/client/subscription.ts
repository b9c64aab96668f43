import { type FrameArgs, isObject, listOf, textOf } from './frames.ts'
import { callPage } from './page-callback.ts'

/** One entry as pages know it: `["PUBLISH" | "SUBSCRIBE" | "UNSUBSCRIBE", {user, payload?, datetime}]`. */
export type HistoryEntry = [name: string, args: FrameArgs]

/** What a subscription does through its connection. */
export interface SubscriptionActions {
  publish(data: unknown): void
  cancel(): void
}

/**
 * A channel as a page sees it. `history`, `presence` and `state` are kept up to date before a callback runs
 * (spec/hookbox.md §8). Pages assign the `on…` callbacks.
 */
export class Subscription {
  readonly channelName: string
  history: HistoryEntry[] = []
  historySize = 0
  state: Record<string, unknown> = {}
  presence: string[] = []
  canceled = false

  onPublish: (frame: FrameArgs) => void = nothing
  onSubscribe: (frame: FrameArgs) => void = nothing
  onUnsubscribe: (frame: FrameArgs) => void = nothing
  onState: (change: { updates: FrameArgs; deletes: string[] }) => void = nothing

  readonly #actions: SubscriptionActions

  constructor(channelName: string, actions: SubscriptionActions) {
    this.channelName = channelName
    this.#actions = actions
  }

  publish(data: unknown): void {
    this.#actions.publish(data)
  }

  /** Asks to leave the channel; `canceled` is true once the server has agreed. */
  cancel(): void {
    if (!this.canceled) this.#actions.cancel()
  }
}

function nothing(): void {
  // the page has not assigned this callback
}

/** Takes over what a SUBSCRIBE frame to the subscriber itself says about the channel. */
export function takeSnapshot(subscription: Subscription, args: FrameArgs): void {
  const size = args.history_size
  subscription.historySize = typeof size === 'number' ? size : 0
  subscription.history = listOf(args, 'history') as HistoryEntry[]
  subscription.presence = listOf(args, 'presence') as string[]
  subscription.state = {}
  const state = args.state
  if (isObject(state)) setKeys(subscription.state, state)
}

/** A PUBLISH frame: into the history, then to the page. */
export function takePublish(subscription: Subscription, args: FrameArgs): void {
  addEntry(subscription, 'PUBLISH', pick(args, ['user', 'payload', 'datetime']))
  callPage(() => subscription.onPublish(args))
}

/** Somebody's SUBSCRIBE frame: into presence and history, then to the page. */
export function takeJoin(subscription: Subscription, args: FrameArgs): void {
  const user = textOf(args, 'user')
  if (!subscription.presence.includes(user)) subscription.presence.push(user)
  addEntry(subscription, 'SUBSCRIBE', pick(args, ['user', 'datetime']))
  callPage(() => subscription.onSubscribe(args))
}

/** Somebody's UNSUBSCRIBE frame, or one's own: out of presence, into the history, then to the page. */
export function takeLeave(subscription: Subscription, args: FrameArgs): void {
  const index = subscription.presence.indexOf(textOf(args, 'user'))
  if (index !== -1) subscription.presence.splice(index, 1)
  addEntry(subscription, 'UNSUBSCRIBE', pick(args, ['user', 'datetime']))
  callPage(() => subscription.onUnsubscribe(args))
}

/** A STATE_UPDATE frame: into the state, then to the page. */
export function takeState(subscription: Subscription, args: FrameArgs): void {
  const updates = isObject(args.updates) ? args.updates : {}
  const deletes = listOf(args, 'deletes') as string[]
  setKeys(subscription.state, updates)
  for (const key of deletes) delete subscription.state[key]
  callPage(() => subscription.onState({ updates, deletes }))
}

/** A channel without history shows what its snapshot gave and nothing more. */
function addEntry(subscription: Subscription, name: string, args: FrameArgs): void {
  if (subscription.historySize === 0) return
  subscription.history.push([name, args])
  const surplus = subscription.history.length - subscription.historySize
  if (surplus > 0) subscription.history.splice(0, surplus)
}

function pick(args: FrameArgs, keys: readonly string[]): FrameArgs {
  return Object.fromEntries(
    keys.filter((key) => Object.hasOwn(args, key)).map((key) => [key, args[key]]),
  )
}

/** Defines instead of assigning, so that a key `__proto__` is a key and nothing else. */
function setKeys(target: Record<string, unknown>, values: FrameArgs): void {
  for (const [key, value] of Object.entries(values)) {
    Object.defineProperty(target, key, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    })
  }
}
