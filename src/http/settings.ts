/**
 * What the listener and its transports are told by the configuration. Names equal the config schema's keys, so that a
 * `Config` with `hookOrigins` beside it is an `HttpSettings`.
 */
export interface HttpSettings {
  readonly port: number
  readonly interface: string
  /** Port of its own for REST, null = REST stands on the main one. */
  readonly webApiPort: number | null
  /** Empty = as `interface`. */
  readonly webApiInterface: string
  /** Empty = REST is off. */
  readonly apiToken: string
  /** Empty = pages of every origin may connect. */
  readonly allowOrigin: readonly string[]
  readonly ownOrigin: readonly string[]
  readonly publicUrl: readonly string[]
  /** Origins of the hook URLs given at start: they count as own. */
  readonly hookOrigins: readonly string[]
  /** Addresses and CIDR ranges. */
  readonly trustProxy: readonly string[]
  readonly maxConnections: number
  readonly maxConnectionsPerAddress: number
  readonly headersTimeoutMs: number
  readonly requestTimeoutMs: number
  readonly maxBodyBytes: number
  readonly maxFrameBytes: number
  readonly maxWaitingBytes: number
  readonly frameTimeoutMs: number
  readonly pingIntervalMs: number
  readonly pingTimeoutMs: number
  readonly connectTimeoutMs: number
  readonly maxFailedLogins: number
  readonly maxHooksWaiting: number
  readonly maxSnapshotBytes: number
  readonly ignorePublishNonExistingChannels: boolean
  readonly compress: boolean
}

/** What the talk endpoints are told by the configuration, likewise. */
export interface TalkSettings {
  /** `0.1`: answers as that release gave them. */
  readonly talkCompat: 'seed' | '0.1'
  readonly talkRegularType: string
  /** Types that may be injected; empty = all. */
  readonly talkMessageTypes: readonly string[]
  /** Put before the names that the app gives its users. */
  readonly talkUserPrefix: string
  /** Anybody may add and remove members, as Hipochat let them. */
  readonly talkOpenMembership: boolean
}
