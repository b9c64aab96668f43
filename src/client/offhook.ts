import type { ChannelEvents } from './channel-events.ts'
import type { Entry, HistoryPage, Message, Position } from './entry.ts'
import type { ChannelStatus } from './membership.ts'
import type { OffhookError } from './offhook-error.ts'

/**
 * The SDK as pages see it. Payload types by channel name or pattern, `*` = anything:
 * `connect<{ 'room:*': ChatEntry; news: Headline }>(url)`.
 */
export type ChannelTypes = object

type NameLike<Pattern extends string> = Pattern extends `${infer Start}*${infer Rest}`
  ? `${Start}${string}${NameLike<Rest>}`
  : Pattern

type ByPattern<Types, Name extends string> = {
  [Pattern in keyof Types & string]: Name extends NameLike<Pattern> ? Types[Pattern] : never
}[keyof Types & string]

/** The payload type of a channel: of its own name, else of the patterns that fit, else unknown. */
export type PayloadOf<Types, Name extends string> = Name extends keyof Types
  ? Types[Name]
  : [ByPattern<Types, Name>] extends [never]
    ? unknown
    : ByPattern<Types, Name>

/**
 * `connecting`: trying now. `offline`: there is no link, the next try waits. `refused`: the server does not want this
 * client, `connect()` tries again. `closed`: by `close()`.
 */
export type ConnectionState = 'connecting' | 'connected' | 'offline' | 'refused' | 'closed'

/** The state with what belongs to it. */
export interface ConnectionStatus {
  readonly state: ConnectionState
  /** Why it is offline or refused. */
  readonly error?: OffhookError
  /** When `offline`: how long until the next try. */
  readonly retryInMs?: number
}

/** What one may listen to on a client. */
export interface ClientEvents {
  state: ConnectionStatus
  message: Message
  /** A channel that nobody asked for here has come: by the app (`auto_subscribe`), or by another tab of the user. */
  channel: Channel
}

/** Answer to a publish. `offset` and `epoch` are missing where the channel has no history. */
export interface Published {
  readonly id: string
  readonly datetime: string
  /** The id was known: this publish had been made before. */
  readonly duplicate: boolean
  readonly epoch?: string | undefined
  readonly offset?: number | undefined
}

/** How to publish. */
export interface PublishOptions {
  /** 1–64 of `A-Z a-z 0-9 _ -`: the same id is the same publish, also after a reload. Default: made at random. */
  readonly id?: string
}

/** Which page of the history: before or after an offset, or neither = the newest. At most 1000 items, usually 100. */
export interface HistoryQuery {
  readonly before?: number
  readonly after?: number
  readonly limit?: number
}

/** One channel. `for await (const entry of channel)` subscribes and gives its entries until it is unsubscribed. */
export interface Channel<Payload = unknown> extends AsyncIterable<Entry<Payload>> {
  readonly name: string
  readonly status: ChannelStatus
  /** Why it is refused, or still waiting. */
  readonly error: OffhookError | undefined
  /** The newest entries, oldest first; a new list after each change. */
  readonly entries: readonly Entry<Payload>[]
  /** Who is in, where the channel tells (`presenceful`). */
  readonly users: readonly string[]
  readonly state: ReadonlyMap<string, unknown>
  readonly position: Position | undefined
  readonly initialData: unknown
  /** Calls `listener` for each event; the returned function ends that. */
  on<Name extends keyof ChannelEvents<Payload>>(
    name: Name,
    listener: (event: ChannelEvents<Payload>[Name]) => void,
  ): () => void
  /** Resolves when the snapshot is there. Offline it waits. Rejects with OffhookError if refused for good. */
  subscribe(): Promise<void>
  /** Takes the user out, on all its connections. */
  unsubscribe(): Promise<void>
  /** Resolves when the entry is durable. Offline it is kept, and sent once. Rejects with OffhookError. */
  publish(payload: Payload, options?: PublishOptions): Promise<Published>
  /** A page of the history. Only where subscribed. */
  history(query?: HistoryQuery): Promise<HistoryPage<Payload>>
  /** Names of those who are in, asked now. Only where subscribed. */
  presence(): Promise<string[]>
  /** Puts older history before `entries`. False: there is no more. */
  loadOlder(limit?: number): Promise<boolean>
}

/** One client: a user's link to the server, for as long as the page wants it. */
export interface Offhook<Types extends ChannelTypes = Record<string, unknown>> {
  readonly status: ConnectionStatus
  readonly state: ConnectionState
  /** The name that the app gave. */
  readonly user: string | undefined
  /** What CONNECTED carried: one's own payload, or what the app put in its place. */
  readonly payload: unknown
  readonly connectionId: string | undefined
  /** The channel of that name: always the same object. Nothing is sent before `subscribe` or `publish`. */
  channel<Name extends string>(name: Name): Channel<PayloadOf<Types, Name>>
  on<Name extends keyof ClientEvents>(
    name: Name,
    listener: (event: ClientEvents[Name]) => void,
  ): () => void
  /** Sends to another user. Not repeated: if the link is lost meanwhile it rejects with `outcome_unknown`. */
  message(user: string, payload: unknown): Promise<void>
  /** Tries at once: after `refused` or `closed`, or instead of waiting while `offline`. */
  connect(): void
  /** Leaves all channels for good and ends the link. What waits is rejected with `closed`. */
  close(): void
}

/** A client whatever its payload types: what hooks and rooms stand on. */
export type AnyOffhook = Pick<Offhook, 'status' | 'on' | 'channel'>
