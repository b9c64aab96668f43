/** Whether the app's own hook is asked about what the app itself wants done (`send_hook`). */
export type HookChoice = 'ask' | 'skip'

/** A publish by REST. `payload` is JSON text. */
export interface RestPublish {
  readonly channel: string
  readonly payload: string
  readonly originator: string | null
  readonly hook: HookChoice
  readonly id?: string
  readonly ifMissing: 'refuse' | 'ignore'
}

/** Empty where the channel has no history. */
export interface RestPublished {
  readonly offset?: number
  readonly epoch?: string
  readonly datetime?: string
  readonly duplicate?: boolean
}

/** What one publish of a batch came to. */
export type RestOutcome = { readonly published: RestPublished } | { readonly error: unknown }

/** `options` holds all options, and `history` and `state`. */
export interface RestChannelInfo {
  readonly name: string
  readonly options: Readonly<Record<string, unknown>>
  readonly subscribers: readonly string[]
  readonly historySize: number
  readonly reflective: boolean
}

/** What `get_user_info` tells. */
interface RestUserInfo {
  readonly name: string
  readonly channels: readonly string[]
  readonly connections: readonly string[]
  readonly options: Readonly<Record<string, unknown>>
}

/** A notice that was given up (spec/hipochat.md §5). */
interface RestNotice {
  /** `webhook-id` of every try. */
  readonly id: string
  readonly kind: string
  /** When it was due last, RFC 3339. */
  readonly due: string
  readonly tries: number
  readonly body: unknown
}

/** A page of what was given up, the last first; `waiting` and `dead` count all notices. */
export interface RestNotices {
  readonly notices: readonly RestNotice[]
  readonly next?: string
  readonly waiting: number
  readonly dead: number
}

interface Membership {
  readonly channel: string
  readonly user: string
  readonly hook: HookChoice
}

/** One member of a room. */
interface RestMember {
  readonly user: string
  /** Unix milliseconds. */
  readonly joinedAt: number
  /** Offset up to which it has read. */
  readonly read: number
  readonly unread: number
}

/** A user's standing in a room, in the words of the answer. */
export interface RestUnread {
  readonly channel_name: string
  readonly unread: number
  readonly read_offset: number
}

/** What `room_unread` tells of each of a user's rooms. */
export interface RestRoom extends RestUnread {
  readonly epoch: string
  readonly offset: number
  readonly members: number
  readonly closed: boolean
}

interface Page {
  readonly after?: string
  readonly limit: number
}

interface RoomUsers {
  readonly channel: string
  readonly users: readonly string[]
}

/**
 * What REST can have done (spec/hookbox.md §6). Each throws a `Refusal`, whose message the caller sees, or anything
 * else, which the caller sees as `internal error`. Names have been checked; options have not.
 */
export interface RestOperations {
  publish(command: RestPublish): Promise<RestPublished>
  /** An outcome for each, in their order; those to one channel keep theirs. No hook is asked. Never rejects. */
  publishBatch(commands: readonly RestPublish[]): Promise<readonly RestOutcome[]>
  subscribe(command: Membership): Promise<void>
  unsubscribe(command: Membership): Promise<void>
  message(command: {
    readonly sender: string
    readonly recipient: string
    readonly payload: string
    readonly hook: HookChoice
  }): Promise<void>
  createChannel(command: {
    readonly channel: string
    readonly options: Record<string, unknown>
    readonly hook: HookChoice
  }): Promise<void>
  destroyChannel(command: { readonly channel: string; readonly hook: HookChoice }): Promise<void>
  setChannelOptions(command: {
    readonly channel: string
    readonly options: Record<string, unknown>
  }): Promise<void>
  setState(command: {
    readonly channel: string
    readonly key: string
    readonly value: unknown
  }): Promise<void>
  deleteState(command: { readonly channel: string; readonly key: string }): Promise<void>
  channelInfo(channel: string): Promise<RestChannelInfo>
  userInfo(user: string): Promise<RestUserInfo>
  setUserOptions(command: {
    readonly user: string
    readonly options: Record<string, unknown>
  }): Promise<void>
  serverInfo(): Promise<{
    readonly channels: readonly string[]
    readonly connections: readonly string[]
  }>
  disconnect(connection: string): Promise<void>
  disconnectUser(user: string): Promise<void>
  notices(query: { readonly limit: number; readonly after?: string }): Promise<RestNotices>
  /** Throws Refusal `notice_missing`. */
  replayNotice(id: string): Promise<void>
  roomCreate(command: {
    readonly channel: string
    readonly members: readonly string[]
    readonly closed: boolean
    readonly options: Record<string, unknown>
  }): Promise<void>
  roomMembers(
    query: { readonly channel: string } & Page,
  ): Promise<{ readonly members: readonly RestMember[]; readonly next?: string }>
  roomAdd(command: RoomUsers): Promise<void>
  roomRemove(command: RoomUsers): Promise<void>
  roomUnread(query: { readonly user: string; readonly channel: string }): Promise<RestUnread>
  roomsUnread(
    query: { readonly user: string } & Page,
  ): Promise<{ readonly rooms: readonly RestRoom[]; readonly next?: string }>
  setConfig(command: {
    readonly changes: Record<string, unknown>
    readonly address: string
    readonly method: 'GET' | 'POST'
  }): Promise<void>
}
