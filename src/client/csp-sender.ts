import type { CspRequests } from './csp-requests.ts'
import { Persistence } from './persistence.ts'
import type { LinkEnd } from './transport.ts'

/** Characters per packet: with escapes and UTF-8 well below what the server takes at once. */
const maxPacketLength = 32_768
const sendTimeoutMs = 15_000

/**
 * What goes to the server: one packet at a time, everything that has gathered meanwhile in it, sent again under its id
 * until the server has it.
 */
export class CspSender {
  readonly #requests: CspRequests
  readonly #onEnd: (end: LinkEnd) => void
  readonly #persistence = new Persistence()
  #text = ''
  #lastId = 0
  #isBusy = false
  #closing: (() => void) | undefined

  constructor(requests: CspRequests, onEnd: (end: LinkEnd) => void) {
    this.#requests = requests
    this.#onEnd = onEnd
  }

  push(text: string): void {
    this.#text += text
    this.#run()
  }

  /** The last packet of all; `sent` is called when the server has it, or is out of reach. */
  pushClose(sent: () => void): void {
    this.#closing = sent
    this.#run()
  }

  stop(): void {
    this.#persistence.stop()
  }

  #run(): void {
    if (this.#isBusy || this.#persistence.isStopped) return
    this.#isBusy = true
    // What is sent in the same turn goes into the same packet.
    Promise.resolve()
      .then(() => this.#sendAll())
      .then(
        () => {
          this.#isBusy = false
        },
        () => this.#giveUp(),
      )
  }

  async #sendAll(): Promise<void> {
    while (this.#text !== '') {
      const end = endOfPacket(this.#text)
      await this.#send(this.#text.slice(0, end))
      this.#text = this.#text.slice(end)
    }
    if (this.#closing === undefined) return
    await this.#send(null)
    this.#closing()
  }

  async #send(data: string | null): Promise<void> {
    this.#lastId += 1
    const packets = JSON.stringify([[this.#lastId, 0, data]])
    await this.#persistence.run(sendTimeoutMs, (signal) => this.#requests.send(packets, signal))
  }

  #giveUp(): void {
    if (this.#closing === undefined) this.#onEnd(this.#persistence.end)
    else this.#closing()
  }
}

/** Where the next packet ends: never between the two halves of a character. */
function endOfPacket(text: string): number {
  if (text.length <= maxPacketLength) return text.length
  const code = text.charCodeAt(maxPacketLength - 1)
  return code >= 0xd800 && code < 0xdc00 ? maxPacketLength - 1 : maxPacketLength
}
