import { CspReceiver } from './csp-receiver.ts'
import { type CspRequests, openCspRequests } from './csp-requests.ts'
import { CspSender } from './csp-sender.ts'
import type { LinkEnd, LinkEvents, Transport, TransportLink } from './transport.ts'

/** Comet at `BASE/csp` (spec/hookbox.md §7), the server's packets in one long answer. */
export const cspStream: Transport = {
  name: 'csp-stream',
  open: (base, events) => openCsp(base, { mode: 'stream', events }),
}

/** Comet with one answer for each batch: passes every proxy. */
export const cspPoll: Transport = {
  name: 'csp-poll',
  open: (base, events) => openCsp(base, { mode: 'poll', events }),
}

function openCsp(
  base: string,
  how: { readonly mode: 'stream' | 'poll'; readonly events: LinkEvents },
): TransportLink | undefined {
  if (typeof fetch === 'undefined' || typeof AbortController === 'undefined') return undefined
  if (how.mode === 'stream' && typeof ReadableStream === 'undefined') return undefined
  return new CspLink(base, how)
}

/** One session: handshake, then what comes and what goes. */
class CspLink implements TransportLink {
  readonly #events: LinkEvents
  #stage: 'opening' | 'open' | 'closing' | 'over' = 'opening'
  #receiver: CspReceiver | undefined
  #sender: CspSender | undefined
  readonly #handshake = new AbortController()

  constructor(base: string, how: { mode: 'stream' | 'poll'; events: LinkEvents }) {
    this.#events = how.events
    openCspRequests(base, how.mode, this.#handshake.signal).then(
      (requests) => this.#begin(requests, how.mode),
      () => this.#fail(),
    )
  }

  send(text: string): void {
    if (this.#stage === 'open') this.#sender?.push(text)
  }

  close(): void {
    const wasOpen = this.#stage === 'open'
    if (this.#stage === 'over' || this.#stage === 'closing') return
    this.#stage = wasOpen ? 'closing' : 'over'
    // Browsers have six links to a host: a request that hangs must not keep one.
    this.#handshake.abort()
    this.#receiver?.stop()
    this.#sender?.pushClose(() => this.#end('closed'))
  }

  #begin(requests: CspRequests, mode: 'stream' | 'poll'): void {
    const isGivenUp = this.#stage === 'over'
    this.#sender = new CspSender(requests, (end) => this.#end(end))
    if (isGivenUp) {
      this.#sender.pushClose(nothing)
      return
    }
    this.#receiver = new CspReceiver(requests, {
      mode,
      opened: () => this.#open(),
      received: (text) => {
        if (this.#stage === 'open') this.#events.received(text)
      },
      ended: (end) => this.#end(end),
    })
  }

  #open(): void {
    if (this.#stage !== 'opening') return
    this.#stage = 'open'
    this.#events.opened()
  }

  #fail(): void {
    if (this.#stage !== 'opening') return
    this.#stage = 'over'
    this.#events.failed()
  }

  #end(end: LinkEnd): void {
    if (this.#stage === 'opening') {
      this.#receiver?.stop()
      this.#fail()
    }
    if (this.#stage === 'over') return
    this.#stage = 'over'
    this.#receiver?.stop()
    this.#sender?.stop()
    this.#events.ended(end)
  }
}

function nothing(): void {
  // nobody waits for a session that was given up
}
