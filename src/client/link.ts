import type { LinkEnd, Transport, TransportLink } from './transport.ts'

/** How long a transport may take to open while there is another one to try: proxies swallow upgrades silently. */
export const openTimeoutMs = 10_000

/** What a link tells the connection. `ended` comes once and only after `opened`. */
export interface LinkListener {
  opened(transport: Transport): void
  received(text: string): void
  ended(end: LinkEnd): void
  /** No transport could open a link: nothing follows. */
  neverOpened(): void
}

/** Where a link goes, and over which transports, best first. */
export interface LinkOptions {
  readonly base: string
  readonly transports: readonly Transport[]
}

/**
 * One link over the first transport that opens. A transport that fails before it has opened hands over to the
 * next; after that there is no second try (pages reconnect, spec/hookbox.md §8).
 */
export class Link {
  readonly #base: string
  readonly #waiting: Transport[]
  readonly #listener: LinkListener
  #current: TransportLink | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #closed = false

  constructor(options: LinkOptions, listener: LinkListener) {
    this.#base = options.base
    this.#waiting = [...options.transports]
    this.#listener = listener
    this.#tryNext()
  }

  send(text: string): void {
    this.#current?.send(text)
  }

  /** Ends the link; one that is still opening is given up without a word. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    clearTimeout(this.#timer)
    this.#current?.close()
  }

  #tryNext(): void {
    const transport = this.#waiting.shift()
    if (transport === undefined) {
      this.#listener.neverOpened()
      return
    }
    const attempt = this.#attempt(transport)
    if (attempt === undefined) {
      this.#tryNext()
      return
    }
    this.#current = attempt.link
    if (this.#waiting.length > 0) this.#timer = setTimeout(attempt.giveUp, openTimeoutMs)
  }

  #attempt(transport: Transport): { link: TransportLink; giveUp: () => void } | undefined {
    let over = false
    const moveOn = () => {
      if (over) return
      over = true
      clearTimeout(this.#timer)
      if (!this.#closed) this.#tryNext()
    }
    const link = transport.open(this.#base, {
      opened: () => {
        clearTimeout(this.#timer)
        if (!over && !this.#closed) this.#listener.opened(transport)
      },
      received: (text) => {
        if (!over && !this.#closed) this.#listener.received(text)
      },
      failed: moveOn,
      ended: (end) => {
        if (!over) this.#listener.ended(this.#closed ? 'closed' : end)
        over = true
      },
    })
    if (link === undefined) return undefined
    const giveUp = () => {
      moveOn()
      link.close()
    }
    return { link, giveUp }
  }
}
