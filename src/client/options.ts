/** Ways to the server, best first. */
export type TransportName = 'websocket' | 'csp-stream' | 'csp-poll'

/** What identifies the user beside cookies. */
export interface Credentials {
  /** Reaches the app's hooks as `Authorization: Bearer`. Never stored. */
  readonly token?: string
  /** Goes to the connect hook in place of the `payload` option. */
  readonly payload?: unknown
}

/** How to connect; all optional. */
export interface ConnectOptions {
  /** Goes to the connect hook. */
  readonly payload?: unknown
  /** Asked before each try to connect. Rejecting with an OffhookError without `retry` ends the tries. */
  readonly auth?: () => Credentials | Promise<Credentials>
  /** Tried in this order. Default: all three. */
  readonly transports?: readonly TransportName[]
  /** Cookies for the app. Default: those that the page's scripts can see. */
  readonly cookieString?: string
  /** Entries kept per channel in `entries` (1000). */
  readonly maxEntries?: number
  /** What may wait to be sent or answered: frames (1000) and bytes (1 MiB). */
  readonly maxWaiting?: number
  readonly maxWaitingBytes?: number
  /** The server's `--max-frame-bytes` (64 KiB): larger frames are refused here. */
  readonly maxFrameBytes?: number
  /** Bounds of the wait before the next try to connect (500 ms, 30 s). */
  readonly minReconnectMs?: number
  readonly maxReconnectMs?: number
  /** For `auth`, and again for the server's answer to CONNECT (20 s). */
  readonly connectTimeoutMs?: number
  /** Silence after which the server is asked whether it is there (45 s), and how long it may take to answer (10 s). */
  readonly idleTimeoutMs?: number
  readonly pingTimeoutMs?: number
}

/** All of it, with the defaults. */
export type Options = Required<Omit<ConnectOptions, Free>> & Pick<ConnectOptions, Free>

/** What has no default value. */
type Free = 'payload' | 'auth' | 'cookieString'

/** Fills in what is not given. */
export function completeOptions(given: ConnectOptions): Options {
  return {
    transports: ['websocket', 'csp-stream', 'csp-poll'],
    maxEntries: 1000,
    maxWaiting: 1000,
    maxWaitingBytes: 1_048_576,
    maxFrameBytes: 65_536,
    minReconnectMs: 500,
    maxReconnectMs: 30_000,
    connectTimeoutMs: 20_000,
    idleTimeoutMs: 45_000,
    pingTimeoutMs: 10_000,
    ...given,
  }
}
