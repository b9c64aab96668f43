import { cspPoll, cspStream } from './csp.ts'
import type { TransportName } from './options.ts'
import type { Transport } from './transport.ts'
import { websocket } from './websocket.ts'

const byName: ReadonlyMap<TransportName, Transport> = new Map([
  ['websocket', websocket],
  ['csp-stream', cspStream],
  ['csp-poll', cspPoll],
])

/** Which transports are tried in which order: what worked comes first, what opened but stayed dumb last. */
export class TransportOrder {
  readonly #wanted: readonly Transport[]
  #current: readonly Transport[]

  /** Throws a TypeError for a name that is none. */
  constructor(names: readonly TransportName[]) {
    this.#wanted = names.map((name) => {
      const transport = byName.get(name)
      if (transport === undefined) throw new TypeError(`No such transport: ${name}`)
      return transport
    })
    this.#current = this.#wanted
  }

  get current(): readonly Transport[] {
    return this.#current
  }

  worked(transport: Transport | undefined): void {
    if (transport !== undefined) this.#current = [transport, ...this.#without(transport)]
  }

  failed(transport: Transport | undefined): void {
    if (transport !== undefined) this.#current = [...this.#without(transport), transport]
  }

  /** The network may be another one now. */
  reset(): void {
    this.#current = this.#wanted
  }

  #without(transport: Transport): Transport[] {
    return this.#current.filter((other) => other !== transport)
  }
}
