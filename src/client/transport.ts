/** How a link that was open ended: `ConnectionTimeout` and `ServerUnreachable` are unclean ends. */
export type LinkEnd = 'closed' | 'ConnectionTimeout' | 'ServerUnreachable'

/** What a transport tells its owner. MUST never be called before `open` has returned. */
export interface LinkEvents {
  /** Once, before anything else but `failed`. */
  opened(): void
  /** Text in the order in which the server sent it, cut anywhere. */
  received(text: string): void
  /** The link could not be opened. Nothing follows. */
  failed(): void
  /** The open link is over. Nothing follows. */
  ended(end: LinkEnd): void
}

/** One link, opening or open. */
export interface TransportLink {
  /** Only after `opened`. */
  send(text: string): void
  /** Ends the link in good order; `ended('closed')` follows if it was open, nothing if it was not. */
  close(): void
}

/** A way for bytes between page and server: `websocket`; others stand beside it, one file each. */
export interface Transport {
  readonly name: string
  /** Starts a link to `base` (no trailing slash); `undefined` where this browser or page cannot. */
  open(base: string, events: LinkEvents): TransportLink | undefined
}
