import { type CspRequests, cspSeconds, parseBatch, SessionGone } from './csp-requests.ts'
import { Persistence } from './persistence.ts'
import type { LinkEnd } from './transport.ts'

/** A proxy that holds a stream back shows nothing within this time: then long-poll is the better way. */
const firstByteMs = 5000
/** Beyond what the server promises. */
const slackMs = 10_000

/** What a receiver tells. */
export interface ReceiverEvents {
  readonly mode: 'stream' | 'poll'
  /** Once: what the server sends will arrive. */
  opened(): void
  received(text: string): void
  ended(end: LinkEnd): void
}

/** What comes from the server: packets in order, each once, however often requests fail in between. */
export class CspReceiver {
  readonly #requests: CspRequests
  readonly #events: ReceiverEvents
  readonly #persistence = new Persistence()
  #lastId = 0
  #isOpen = false
  #isClosed = false

  constructor(requests: CspRequests, events: ReceiverEvents) {
    this.#requests = requests
    this.#events = events
    // A stream that does not begin is no way: the next transport is tried instead.
    this.#persistence.maxTries = 1
    if (events.mode === 'poll') this.#open()
    this.#run().then(
      () => {
        if (this.#isClosed) events.ended('closed')
      },
      () => events.ended(this.#persistence.end),
    )
  }

  stop(): void {
    this.#persistence.stop()
  }

  async #run(): Promise<void> {
    const { mode } = this.#events
    while (!(this.#isClosed || this.#persistence.isStopped)) {
      const timeoutMs =
        mode === 'poll' ? 1000 * cspSeconds.poll + slackMs : this.#isOpen ? slackMs : firstByteMs
      await this.#persistence.run(timeoutMs, async (signal) => {
        const response = await this.#requests.comet(this.#lastId, signal)
        if (mode === 'poll' || response.body === null) this.#take(await response.text())
        else await this.#readStream(response.body)
      })
    }
  }

  async #readStream(body: ReadableStream<Uint8Array>): Promise<void> {
    const reader = body.getReader()
    const decoder = new TextDecoder()
    let rest = ''
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      this.#persistence.extend(1000 * cspSeconds.beat + slackMs)
      this.#persistence.alive()
      this.#open()
      const lines = (rest + decoder.decode(value, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) this.#take(line)
      if (this.#isClosed) return
    }
  }

  #open(): void {
    if (this.#isOpen) return
    this.#isOpen = true
    this.#persistence.maxTries = 4
    this.#events.opened()
  }

  /** One batch; one that was cut is none, and comes again. */
  #take(text: string): void {
    const packets = parseBatch(text)
    if (!Array.isArray(packets)) return
    for (const packet of packets) {
      if (this.#isClosed || this.#persistence.isStopped) return
      if (Array.isArray(packet)) this.#takePacket(packet)
    }
  }

  #takePacket([id, encoding, data]: readonly unknown[]): void {
    if (id !== this.#lastId + 1) return
    this.#lastId += 1
    if (data === null) this.#isClosed = true
    else if (encoding === 0 && typeof data === 'string') this.#events.received(data)
    else throw new SessionGone('unknown encoding')
  }
}
