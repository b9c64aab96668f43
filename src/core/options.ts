/** Options of a channel, all set (spec/hookbox.md §4). State and pre-filled history are not among them. */
export interface ChannelOptions {
  readonly reflective: boolean
  /** Entries shown in snapshots, 0 = the channel has no history. */
  readonly history_size: number
  /** Seconds, 0 = no limit. */
  readonly history_duration: number
  readonly history_publish_only: boolean
  readonly moderated: boolean
  /** `null` = unset: as `moderated`. */
  readonly moderated_publish: boolean | null
  readonly moderated_subscribe: boolean | null
  readonly moderated_unsubscribe: boolean | null
  readonly presenceful: boolean
  readonly server_presenceful: boolean
  readonly server_user_presence: readonly string[]
  readonly anonymous: boolean
  readonly polling: PollingOptions
}

/** How the server itself fetches data for a channel (spec/hookbox.md §3, Polling). */
export interface PollingOptions {
  readonly mode: '' | 'simple' | 'persistent' | 'once'
  /** Seconds between the end of one poll and the next. */
  readonly interval: number
  readonly url: string
  readonly form: Readonly<Record<string, string | number | boolean>>
  readonly originator: string
}

/** Options of a user, all set. `auto_subscribe` is an act, not a lasting option, but is read back. */
export interface UserOptions {
  readonly reflective: boolean
  readonly moderated_message: boolean
  readonly per_connection_subscriptions: boolean
  readonly global_unsubscriptions: boolean
  readonly auto_subscribe: readonly string[]
}

/** What a channel is without any option given. */
export const defaultChannelOptions: ChannelOptions = {
  reflective: true,
  history_size: 0,
  history_duration: 0,
  history_publish_only: false,
  moderated: true,
  moderated_publish: null,
  moderated_subscribe: null,
  moderated_unsubscribe: null,
  presenceful: false,
  server_presenceful: false,
  server_user_presence: [],
  anonymous: false,
  polling: { mode: '', interval: 5, url: '', form: {}, originator: '' },
}

/** What a user is without any option given. */
export const defaultUserOptions: UserOptions = {
  reflective: true,
  moderated_message: true,
  per_connection_subscriptions: false,
  global_unsubscriptions: false,
  auto_subscribe: [],
}

/** Whether an action on a channel needs its hook: each flag on its own where `moderated` is false. */
export function asks(
  options: ChannelOptions,
  action: 'publish' | 'subscribe' | 'unsubscribe',
): boolean {
  return options.moderated || options[`moderated_${action}`] === true
}
