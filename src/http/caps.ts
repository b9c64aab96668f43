import type { Socket } from 'node:net'
import { Refusal } from '../core/errors.ts'
import { addressKey } from './address.ts'

/**
 * How many links there may be, in all and per client address (spec/safety.md §4). Counts TCP links as they come; a
 * link from a trusted proxy counts for its client once that is known, at the upgrade. CSP sessions count likewise.
 */
export class ConnectionCaps {
  readonly #limits: { readonly total: number; readonly perAddress: number }
  readonly #perAddress = new Map<string, number>()
  /** The key a link counts for; '' where only the total does. */
  readonly #links = new WeakMap<Socket, string>()
  /** One for all links: two closures for each would be a tenth of what an idle one takes. */
  readonly #onClose: (this: Socket) => void
  #total = 0

  constructor(limits: { readonly total: number; readonly perAddress: number }) {
    this.#limits = limits
    const closed = (link: Socket): void => this.#closed(link)
    this.#onClose = function onClose() {
      closed(this)
    }
  }

  /** How many links count now. */
  get total(): number {
    return this.#total
  }

  /** Whether the link was let in. */
  has(link: Socket): boolean {
    return this.#links.has(link)
  }

  /**
   * Lets a link in, or says why not. `address` is undefined for a proxy's own link. A link that was refused may ask
   * again; one that is in stays in.
   */
  admit(link: Socket, address: string | undefined): Refusal | undefined {
    if (this.#links.has(link)) return undefined
    const key = address === undefined ? '' : addressKey(address)
    const refusal = this.#refusalFor(key)
    if (refusal !== undefined) return refusal
    this.#total += 1
    this.#enter(key)
    this.#links.set(link, key)
    link.on('close', this.#onClose)
    return undefined
  }

  /** A proxy's link turns out to be this client's. */
  assign(link: Socket, address: string): Refusal | undefined {
    const key = addressKey(address)
    if (this.#links.get(link) === key) return undefined
    if (this.#isFull(key)) return tooMany()
    this.#leave(this.#links.get(link) ?? '')
    this.#enter(key)
    this.#links.set(link, key)
    return undefined
  }

  /** Lets in what is no link but counts as one, a CSP session; the function lets it go again, once. */
  reserve(address: string): Refusal | (() => void) {
    const key = addressKey(address)
    const refusal = this.#refusalFor(key)
    if (refusal !== undefined) return refusal
    this.#total += 1
    this.#enter(key)
    return () => this.#release(key)
  }

  #closed(link: Socket): void {
    const key = this.#links.get(link)
    if (key === undefined) return
    this.#links.delete(link)
    this.#release(key)
  }

  #release(key: string): void {
    this.#total -= 1
    this.#leave(key)
  }

  #refusalFor(key: string): Refusal | undefined {
    if (this.#total >= this.#limits.total) return new Refusal('server_full')
    return this.#isFull(key) ? tooMany() : undefined
  }

  #isFull(key: string): boolean {
    return key !== '' && (this.#perAddress.get(key) ?? 0) >= this.#limits.perAddress
  }

  #enter(key: string): void {
    if (key !== '') this.#perAddress.set(key, (this.#perAddress.get(key) ?? 0) + 1)
  }

  #leave(key: string): void {
    if (key === '') return
    const left = (this.#perAddress.get(key) ?? 0) - 1
    if (left > 0) this.#perAddress.set(key, left)
    else this.#perAddress.delete(key)
  }
}

function tooMany(): Refusal {
  return new Refusal('too_many_requests', 'Too many connections from this address')
}
