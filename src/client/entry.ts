/** Where a channel stands: continuity is certain within one epoch only (spec/hookbox.md §10). */
export interface Position {
  readonly epoch: string
  readonly offset: number
}

/** One publish of a channel. What the app put into the history itself may lack `user` and `datetime`. */
export interface Entry<Payload = unknown> {
  readonly type: 'publish'
  readonly channel: string
  readonly payload: Payload
  /** Missing on anonymous channels; null for what the app published in nobody's name. */
  readonly user?: string | null | undefined
  /** RFC 3339, UTC. */
  readonly datetime?: string | undefined
  /** Counts from 1 without holes; missing where the channel has no history. */
  readonly offset?: number | undefined
}

/** Somebody came into a channel or left it. */
export interface Coming {
  readonly type: 'join' | 'leave'
  readonly channel: string
  readonly user?: string | null | undefined
  readonly datetime?: string | undefined
  readonly offset?: number | undefined
}

/** Anything that a history holds. */
export type HistoryItem<Payload = unknown> = Entry<Payload> | Coming

/** Part of a history, oldest first. */
export interface HistoryPage<Payload = unknown> {
  readonly epoch: string
  /** Publishes, joins and leaves. */
  readonly items: readonly HistoryItem<Payload>[]
  /** The publishes among them. */
  readonly entries: readonly Entry<Payload>[]
}

/** A message of one user to another. */
export interface Message<Payload = unknown> {
  readonly sender: string
  readonly recipient: string
  readonly payload: Payload
  readonly datetime: string
}
