/** What rooms are told by the configuration. Names equal the config schema's keys; units are in the names. */
export interface RoomSettings {
  /** Globs: free names that the talk endpoints may make rooms. */
  readonly talkRooms: readonly string[]
  /** Rooms with an explicit list of members are closed. */
  readonly talkClosed: boolean
  /** Anybody may change members, and closed rooms admit everybody, as in Hipochat. */
  readonly talkOpenMembership: boolean
  /** Messages that a room keeps. */
  readonly talkHistorySize: number
  readonly talkRegularType: string
  /** Types whose messages are pushed; empty = all. */
  readonly talkNotifiableTypes: readonly string[]
  /** Empty = nobody is pushed to. */
  readonly talkPushUrl: string
  readonly talkPushDelayMs: number
  /** Kept from the names that pushes tell the app. */
  readonly talkUserPrefix: string
  /** How often the tokens of open links are asked again; 0 = never. */
  readonly talkRecheckMs: number
  /** How long an open link outlives its permission while the app gives no answer. */
  readonly refreshGraceMs: number
}
