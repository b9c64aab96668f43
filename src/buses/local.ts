import { Refusal } from '../core/errors.ts'
import type { Bus, BusAddress, BusMessage, NodeRequest } from '../core/ports.ts'

/** The nodes of one process. */
export interface LocalBusHub {
  /** One node's end. `name` is for messages of errors only. */
  bus(name: string): Bus
}

/**
 * The bus of nodes in one process, and of a node that is alone. Delivers in order, once, in a later turn; what a node
 * says does not come back to it.
 */
export function createLocalBusHub(): LocalBusHub {
  const listeners = new Map<BusAddress, Listeners>()
  return { bus: (name) => new LocalBus(name, listeners) }
}

/** A node that is alone listens to an address or two for each of its users: it takes no set of one. */
type Listeners = LocalBus | Set<LocalBus>

class LocalBus implements Bus {
  readonly #name: string
  readonly #listeners: Map<BusAddress, Listeners>
  readonly #addresses = new Set<BusAddress>()
  #receive: (address: BusAddress, message: BusMessage) => void = () => {}
  #answer: (request: NodeRequest) => Promise<string> = () =>
    Promise.reject(new Refusal('node_unreachable'))

  constructor(name: string, listeners: Map<BusAddress, Listeners>) {
    this.#name = name
    this.#listeners = listeners
  }

  publish(address: BusAddress, message: BusMessage): void {
    const listeners = this.#listeners.get(address)
    if (listeners === undefined || listeners === this) return
    for (const bus of listeners instanceof LocalBus ? [listeners] : listeners) {
      if (bus !== this) setImmediate(() => bus.#deliver(address, message))
    }
  }

  subscribe(address: BusAddress): Promise<void> {
    this.#addresses.add(address)
    const listeners = this.#listeners.get(address)
    if (listeners === undefined) this.#listeners.set(address, this)
    else if (!(listeners instanceof LocalBus)) listeners.add(this)
    else if (listeners !== this) this.#listeners.set(address, new Set([listeners, this]))
    return Promise.resolve()
  }

  unsubscribe(address: BusAddress): void {
    this.#addresses.delete(address)
    const listeners = this.#listeners.get(address)
    if (listeners instanceof Set) listeners.delete(this)
    if (listeners === this || (listeners instanceof Set && listeners.size === 0)) {
      this.#listeners.delete(address)
    }
  }

  async request(node: string, request: NodeRequest, deadlineMs: number): Promise<string> {
    const listeners = this.#listeners.get(`node:${node}`)
    const [bus] = listeners instanceof LocalBus ? [listeners] : (listeners ?? [])
    if (bus === undefined) {
      throw new Refusal('node_unreachable', undefined, {
        cause: new Error(`${this.#name} knows no node ${node}`),
      })
    }
    return withDeadline(bus.#answer(request), deadlineMs)
  }

  onMessage(listener: (address: BusAddress, message: BusMessage) => void): void {
    this.#receive = listener
  }

  /** Never: nothing is lost here. */
  onReset(): void {}

  onRequest(listener: (request: NodeRequest) => Promise<string>): void {
    this.#answer = listener
  }

  async close(): Promise<void> {
    for (const address of [...this.#addresses]) this.unsubscribe(address)
  }

  #deliver(address: BusAddress, message: BusMessage): void {
    if (this.#addresses.has(address)) this.#receive(address, message)
  }
}

function withDeadline(answer: Promise<string>, deadlineMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Refusal('node_unreachable')), deadlineMs)
    answer.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
