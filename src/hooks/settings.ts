/** What the hooks are told by the configuration. Names equal the config schema's keys. */
export interface HookSettings {
  readonly cbHttps: boolean
  /** A name or an address; IPv6 with or without brackets. */
  readonly cbHost: string
  readonly cbPort: number
  /** Before the path of each hook; may be empty. */
  readonly cbPath: string
  /** Do not verify certificates; loopback hosts are never verified. */
  readonly cbInsecure: boolean
  readonly cbTrailingSlash: boolean
  readonly cbSendHookboxVersion: boolean
  /** One URL for all hooks, '' for none. */
  readonly cbSingleUrl: string
  readonly cbConnect: string
  readonly cbDisconnect: string
  readonly cbCreateChannel: string
  readonly cbDestroyChannel: string
  readonly cbSubscribe: string
  readonly cbUnsubscribe: string
  readonly cbPublish: string
  readonly cbMessage: string
  /** Where pushes go, '' for none. */
  readonly talkPushUrl: string
  /** Replaces the Host header, '' for none. */
  readonly appHostHeader: string
  /** Form field `secret`, '' for none. */
  readonly hookSecret: string
  /** Standard Webhooks secrets (`whsec_…`); all of them sign. */
  readonly signingSecret: readonly string[]
  /** From name lookup to last byte. */
  readonly hookTimeoutMs: number
  readonly maxHooksInFlight: number
  readonly maxHooksWaiting: number
  readonly maxHookAnswerBytes: number
  /** `User-Agent`; default `offhook`. */
  readonly userAgent?: string
  /** Secrets besides the hooks' own that no excerpt of an answer may show (API token, admin password). */
  readonly otherSecrets?: readonly string[]
}

/** What asking for profiles is told by the configuration (spec/hipochat.md §1). */
export interface ProfileSettings {
  readonly talkProfileUrl: string
  /** How long a known token is remembered; 0 = never. */
  readonly talkProfileTtlMs: number
  /** The key that holds the user, '' for the usual ones. */
  readonly talkUserKey: string
  /** Put before every user. */
  readonly talkUserPrefix: string
  /** Keys that others may see; `*` = all but secrets. */
  readonly talkProfileFields: readonly string[]
  /** Origins of the hook URLs: there `appHostHeader` replaces the Host header. */
  readonly hookOrigins: readonly string[]
  readonly appHostHeader: string
  readonly cbInsecure: boolean
  /** From name lookup to last byte. */
  readonly hookTimeoutMs: number
  readonly maxHooksInFlight: number
  readonly maxHooksWaiting: number
  readonly userAgent?: string
  /** Secrets besides the token that no excerpt of an answer may show. */
  readonly otherSecrets?: readonly string[]
}

/** What polling is told by the configuration. */
export interface WebSettings {
  /** Hosts of the hook URLs given at start: polling may go to any of their ports. */
  readonly hookHosts: readonly string[]
  /** `HOST` or `HOST:PORT`. */
  readonly allowPollingHost: readonly string[]
  /** Sent as form field `secret` with POST, '' for none. */
  readonly hookSecret: string
  readonly cbInsecure: boolean
  /** From name lookup to last byte. */
  readonly hookTimeoutMs: number
  readonly userAgent?: string
}
