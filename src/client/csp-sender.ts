import type { CspRequests } from './csp-requests.ts'
import { Persistence } from './persistence.ts'
import type { LinkEnd } from './transport.ts'

/** A packet of so many characters takes no further frame: well below what the server takes at once. */
const fullPacketLength = 16_384
const sendTimeoutMs = 15_000

/**
 * What goes to the server: one packet at a time, everything that has gathered meanwhile in it, sent again under its id
 * until the server has it.
 */
export class CspSender {
  readonly #requests: CspRequests
  readonly #onEnd: (end: LinkEnd) => void
  readonly #persistence = new Persistence()
  readonly #frames: string[] = []
  #lastId = 0
  #isBusy = false
  #closing: (() => void) | undefined

  constructor(requests: CspRequests, onEnd: (end: LinkEnd) => void) {
    this.#requests = requests
    this.#onEnd = onEnd
  }

  push(frame: string): void {
    this.#frames.push(frame)
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
      .catch(() => this.#giveUp())
  }

  async #sendAll(): Promise<void> {
    while (this.#frames.length > 0) {
      let packet = ''
      while (this.#frames.length > 0 && packet.length < fullPacketLength) {
        packet += this.#frames.shift()
      }
      await this.#send(packet)
    }
    if (this.#closing === undefined) {
      this.#isBusy = false
      return
    }
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
