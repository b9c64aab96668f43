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
  const listeners = new Map<BusAddress, Set<LocalBus>>()
  return { bus: (name) => new LocalBus(name, listeners) }
}

class LocalBus implements Bus {
  readonly #name: string
  readonly #listeners: Map<BusAddress, Set<LocalBus>>
  readonly #addresses = new Set<BusAddress>()
  #receive: (address: BusAddress, message: BusMessage) => void = () => {}
  #answer: (request: NodeRequest) => Promise<string> = () =>
    Promise.reject(new Refusal('node_unreachable'))

  constructor(name: string, listeners: Map<BusAddress, Set<LocalBus>>) {
    this.#name = name
    this.#listeners = listeners
  }

  publish(address: BusAddress, message: BusMessage): void {
    for (const bus of this.#listeners.get(address) ?? []) {
      if (bus !== this) setImmediate(() => bus.#deliver(address, message))
    }
  }

  subscribe(address: BusAddress): Promise<void> {
    this.#addresses.add(address)
    const buses = this.#listeners.get(address)
    if (buses === undefined) this.#listeners.set(address, new Set([this]))
    else buses.add(this)
    return Promise.resolve()
  }

  unsubscribe(address: BusAddress): void {
    this.#addresses.delete(address)
    const buses = this.#listeners.get(address)
    buses?.delete(this)
    if (buses?.size === 0) this.#listeners.delete(address)
  }

  async request(node: string, request: NodeRequest, deadlineMs: number): Promise<string> {
    const [bus] = this.#listeners.get(`node:${node}`) ?? []
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
