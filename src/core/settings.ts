/**
 * What the core is told by the configuration. Names equal the config schema's keys, so that a `Config` is a
 * `CoreSettings`; units are in the names. Limits: spec/safety.md §4.
 */
export interface CoreSettings {
  /** Also tell clients the cause and request id of a failed hook. */
  readonly dev: boolean
  readonly maxFrameBytes: number
  readonly frameTimeoutMs: number
  readonly connectTimeoutMs: number
  readonly maxFramesPerSecond: number
  readonly maxGatesPerConnection: number
  readonly maxRefusedConnects: number
  readonly maxRefusedConnectsPerMinute: number
  readonly maxChannels: number
  readonly maxChannelsPerUser: number
  readonly maxSubscriptions: number
  readonly maxRoomMembers: number
  readonly maxHistorySize: number
  readonly maxPrefilledHistory: number
  readonly maxStateBytes: number
  readonly maxStateKeys: number
  readonly maxSnapshotBytes: number
  readonly maxWaitingBytes: number
  readonly stalledTimeoutMs: number
  readonly maxPollingChannels: number
  readonly minPollingIntervalMs: number
  readonly maxHookAnswerBytes: number
  readonly presenceInPublish: number
  readonly channelLingerMs: number
  readonly autoSubscribeAsks: boolean
  readonly cookieIdentifier: string
  /** How long a node may be silent before it counts as dead. */
  readonly nodeTimeoutMs: number
  /** After a start: how long a channel waits for its old subscribers. */
  readonly abandonedChannelMs: number
  /** How often nodes ask the store what they may have missed. */
  readonly healIntervalMs: number
  /** How long a version 2 client's place is kept after its link ended. */
  readonly resumeWindowMs: number
  /** After how long the connect hook is asked again where its answer does not say; 0 = never. */
  readonly connectionExpiresInMs: number
  /** How long a connection outlives its permission while the hook fails. */
  readonly refreshGraceMs: number
  readonly drainTimeoutMs: number
}
