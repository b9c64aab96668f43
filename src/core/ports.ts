import type { BusAddress, BusMessage, NodeRequest } from './bus-message.ts'
import type {
  Changed,
  ChannelCommit,
  ChannelCommitResult,
  ChannelListQuery,
  ChannelSnapshot,
  HistoryQuery,
  NamePage,
  SnapshotQuery,
} from './channel-commit.ts'
import type { Entry, Head } from './entry.ts'
import type { MemberPage, MemberQuery } from './member.ts'
import type { Notice } from './notice.ts'
import type { UserCommit, UserCommitResult, UserListQuery, UserRecord } from './user-commit.ts'

export type * from './bus-message.ts'
export type * from './channel-commit.ts'
export type * from './member.ts'
export type * from './notice.ts'
export type * from './user-commit.ts'

/**
 * The interfaces between the core and everything that has a socket, a disk or a clock (design §3).
 * Each has one contract suite in test/contract/ that all its adapters run.
 */

/**
 * Channels. MUST: one commit is atomic, evaluated against the result of every commit accepted before it on
 * that channel; nothing is readable, and no promise resolves, before it is durable. A rejected promise means
 * "outcome unknown". A `Refusal` (limits) means nothing was changed.
 */
export interface ChannelStore {
  commit(channel: string, commit: ChannelCommit): Promise<ChannelCommitResult>
  /** One consistent cut, or undefined where the channel does not exist. */
  snapshot(channel: string, query: SnapshotQuery): Promise<ChannelSnapshot | undefined>
  /** Oldest first. Empty where the epoch is gone. */
  history(channel: string, query: HistoryQuery): Promise<readonly Entry[]>
  list(query: ChannelListQuery): Promise<NamePage>
  /** Durable members of a room; none where the channel does not exist or is no room. */
  members(channel: string, query: MemberQuery): Promise<MemberPage>
  /** Channels changed since the cursor (`undefined`: from now on), with their heads. */
  changed(cursor: string | undefined): Promise<Changed<Head>>
}

/** Users: one record each; first and last connection are decided here, in one step. MUSTs as ChannelStore. */
export interface UserStore {
  commit(user: string, commit: UserCommit): Promise<UserCommitResult>
  snapshot(user: string): Promise<UserRecord | undefined>
  list(query: UserListQuery): Promise<NamePage>
  /** Nodes that hold a connection in some record. */
  nodes(): Promise<readonly string[]>
  /** Users changed since the cursor, with their records' versions. */
  changed(cursor: string | undefined): Promise<Changed<number>>
}

/** Notices that commits wrote. At least once, always with the same id. */
export interface Outbox {
  /** Notices whose time has come, oldest due first. */
  due(query: { readonly now: number; readonly limit: number }): Promise<readonly Notice[]>
  /** `done` removes it; `retry` counts a try and sets the next time; `dead` keeps it aside for replay. */
  settle(id: string, result: NoticeResult): Promise<void>
  /**
   * Puts others (none = done) in the place of waiting notices, in one step; no effect where the first of them does not
   * wait any more, so that it may be repeated. One of the others may bear its id.
   */
  replace(ids: readonly [string, ...string[]], notices: readonly Notice[]): Promise<void>
  /** Notices kept aside, the last to die first: the newest 10,000 are kept. `after` = `next` of the page before. */
  dead(query: DeadQuery): Promise<DeadPage>
  /** Makes a dead notice due now (on the store's clock) with no tries made; false where there is none. */
  replay(id: string): Promise<boolean>
  stats(): Promise<{ readonly waiting: number; readonly dead: number }>
}

export interface DeadQuery {
  readonly limit: number
  /** Opaque. */
  readonly after?: string
}

export interface DeadPage {
  readonly notices: readonly Notice[]
  /** Absent: the end. */
  readonly next?: string
}

export type NoticeResult =
  | { readonly result: 'done' }
  | { readonly result: 'retry'; readonly due: number }
  | { readonly result: 'dead' }

/** Who may do a thing that only one node should do. Times are on the store's clock. */
export interface Leases {
  /** True if `owner` holds the lease now (also if it held it before). */
  acquire(name: string, owner: string, ttlMs: number): Promise<boolean>
  /** False if it was lost meanwhile. */
  renew(name: string, owner: string, ttlMs: number): Promise<boolean>
  release(name: string, owner: string): Promise<void>
  /** Owner of a lease that has not run out. */
  holder(name: string): Promise<string | undefined>
}

/** All that one store adapter offers, over one connection or folder. */
export interface Stores {
  readonly channels: ChannelStore
  readonly users: UserStore
  readonly outbox: Outbox
  readonly leases: Leases
  /** Resolves when the store really answers (a write that is read back); rejects with the reason. */
  check(): Promise<void>
  /** Waits for what is under way, then lets the folder or connection go. */
  close(): Promise<void>
}

/**
 * Tells nodes that something was committed. May drop, repeat, reorder and delay; MUST call `onReset` whenever
 * something may have been missed, and never deliver before `subscribe` has resolved.
 */
export interface Bus {
  publish(address: BusAddress, message: BusMessage): void
  /** Resolves when messages to the address will arrive. */
  subscribe(address: BusAddress): Promise<void>
  unsubscribe(address: BusAddress): void
  /** JSON text of the answer; rejects with a retryable Refusal `node_unreachable` after the deadline. */
  request(node: string, request: NodeRequest, deadlineMs: number): Promise<string>
  onMessage(listener: (address: BusAddress, message: BusMessage) => void): void
  onReset(listener: () => void): void
  /** Answers requests to this node. */
  onRequest(listener: (request: NodeRequest) => Promise<string>): void
  close(): Promise<void>
}

/** The hooks of Hookbox (spec/hookbox.md §5); `disconnect` is the only notice among them. */
export type GateName =
  | 'connect'
  | 'create_channel'
  | 'destroy_channel'
  | 'subscribe'
  | 'unsubscribe'
  | 'publish'
  | 'message'

/** A question to the app. */
export interface Gate {
  readonly hook: GateName
  /** Form fields besides `action` and `secret`, in this order. */
  readonly form: readonly (readonly [field: string, value: string])[]
  /** Cookie header of the connection that caused it; never stored, never sent to another node. */
  readonly cookies?: string
  /** Bearer token of that connection; as secret as its cookies. */
  readonly token?: string
  /** The client's address, for X-Real-IP. */
  readonly address?: string
  /** For the log only. */
  readonly user?: string
  readonly channel?: string
}

/** The app's answer `[allowed, answer]`. */
export interface Verdict {
  readonly allowed: boolean
  /** The object, parsed under the limits of spec/safety.md §3. Keys are the app's: read with Object.hasOwn. */
  readonly answer: Readonly<Record<string, unknown>>
  /** `Set-Cookie` values that may reach the browser (HttpOnly ones are taken out). */
  readonly setCookies: readonly string[]
  readonly requestId: string
}

/** The web app. Failures are thrown, not logged: the core reports each once. */
export interface App {
  /** Throws HookFailure (fail closed) or Refusal `app_busy`. */
  ask(gate: Gate): Promise<Verdict>
  /** One try of a notice. Throws HookFailure or Refusal `app_busy`. `cookies`: first try only. */
  tell(
    notice: Notice,
    context: { readonly cookies?: string; readonly token?: string; readonly address?: string },
  ): Promise<void>
}

/** The user behind a talk token (spec/hipochat.md §1). */
export interface Profile {
  readonly user: string
  /** Display name. */
  readonly name: string
  /** The public fields as JSON text of an object. Never holds the token. */
  readonly info: string
}

/** `refused`: the app does not know the token, or names no user. `failed`: it gave no usable answer. */
export type ProfileAnswer =
  | { readonly outcome: 'known'; readonly profile: Profile }
  | { readonly outcome: 'refused' }
  | { readonly outcome: 'failed' }

/** Whom the app knows by a token. Only `known` may be remembered; what failed is reported once, here. */
export interface Profiles {
  /** `fresh` asks the app whatever is remembered. Never throws. */
  profile(token: string, how: 'remembered' | 'fresh'): Promise<ProfileAnswer>
}

/** Where polling goes: spec/safety.md §7 says which addresses are open to it. */
export interface Web {
  /** Rejects a URL that polling may never fetch, with the reason. Checked again on each fetch. */
  check(url: string): Promise<void>
  fetch(request: WebRequest): Promise<WebAnswer>
}

export interface WebRequest {
  readonly method: 'GET' | 'POST'
  readonly url: string
  /** Sent urlencoded with POST, `secret` added where one is configured. */
  readonly form?: readonly (readonly [field: string, value: string])[]
  readonly maxBytes: number
}

export interface WebAnswer {
  readonly status: number
  readonly body: string
}

/**
 * One message as bytes-to-be: encoded once, shared by identity by all connections of its encoder.
 * A transport keeps its own framing of it in `framed`.
 */
export interface Encoded {
  readonly text: string
  framed?: unknown
}

/** A message for one link alone, behind so many of those that it shares with others. */
export interface OwnMessage {
  readonly after: number
  readonly message: Encoded
}

/** Moves what the core writes to one browser. */
export interface Link {
  /**
   * Writes in order, in as few system calls as the transport can. `messages` may be other links' as well: all that are sent
   * the same are given the same list, which nobody changes from then on. `own` are for this link alone.
   */
  write(messages: readonly Encoded[], own?: readonly OwnMessage[]): void
  /** Bytes accepted by `write` that the network has not taken yet. */
  readonly pendingBytes: number
  /** How long it may take no byte while some wait, where that is not the setting's: browsers that ask from time to time. */
  readonly stalledTimeoutMs?: number | undefined
  /** When the browser was last heard of (unix milliseconds), where the link can tell: what was sent before has most likely come. */
  readonly heardAt?: number
  /** Asks the browser for a sign of life. */
  probe?(): void
  /** Sends what is pending, then ends the link. */
  close(code: number, reason: string): void
  /** Stops and restarts reading from the browser (backpressure). */
  pause(): void
  resume(): void
}

/** Time. Handed in so that the whole core runs in a seeded simulation. */
export interface Clock {
  /** Unix milliseconds. */
  now(): number
  /** Calls `run` once after `ms`; the returned function cancels. MUST not keep the process alive. */
  after(ms: number, run: () => void): () => void
  /** Calls `run` at the end of this turn of the event loop. */
  endOfTurn(run: () => void): void
}

export interface Random {
  /** `count` random bytes as lower-case hex: 2 × count characters, unguessable. */
  hex(count: number): string
  /** 0 ≤ x < 1. */
  float(): number
}

/** Where the core says what happened. MUST mask secrets (spec/safety.md §6). */
export interface Telemetry {
  /** A dependency failed or a bug was caught; logged once with its stage. */
  failure(stage: string, error: unknown, context?: Readonly<Record<string, string>>): void
  /** A limit was reached; `limit` is its flag without dashes. */
  limit(limit: string): void
  event(name: string, context?: Readonly<Record<string, string | number>>): void
}
