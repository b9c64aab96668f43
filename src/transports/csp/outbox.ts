import { Refusal } from '../../core/errors.ts'
import type { PacketData } from './packet-data.ts'
import { closeData } from './packets.ts'

/** Packets that go together. */
export interface Batch {
  /** JSON text of the list. */
  readonly json: string
  /** Id of its last packet. */
  readonly lastId: number
  readonly bytes: number
}

/** Read in some seconds on a slow line, so that an acknowledgement comes before the reader counts as stalled. */
const maxBatchBytes = 131_072

/** What the browser has not acknowledged yet, in order, to be sent again until it has. */
export class CspOutbox {
  #packets: PacketData[] = []
  #acknowledged = 0
  #bytes = 0
  #closeId = 0

  /** Id of the last packet, 0 = none. */
  get lastId(): number {
    return this.#acknowledged + this.#packets.length
  }

  /** Id up to which the browser has everything. */
  get acknowledged(): number {
    return this.#acknowledged
  }

  /** Of all packets that are not acknowledged. */
  get bytes(): number {
    return this.#bytes
  }

  push(data: PacketData): void {
    this.#packets.push(data)
    this.#bytes += data.bytes
  }

  /** The last packet of all: the server closes. */
  pushClose(): void {
    this.push(closeData)
    this.#closeId = this.lastId
  }

  /** Whether `id` is that of the closing packet. */
  isClose(id: number): boolean {
    return this.#closeId !== 0 && id === this.#closeId
  }

  /** Forgets what the browser has. Throws Refusal `invalid_field` for packets that were never sent. */
  acknowledge(id: number): void {
    if (id > this.lastId) throw new Refusal('invalid_field', 'Invalid a (no such packet)')
    if (id <= this.#acknowledged) return
    const gone = this.#packets.splice(0, id - this.#acknowledged)
    this.#acknowledged = id
    for (const { bytes } of gone) this.#bytes -= bytes
  }

  /** The packets after `id`: at least one where there is one, then as many as a batch may hold. */
  batchAfter(id: number): Batch | undefined {
    const parts: string[] = []
    let bytes = 0
    // Another answer may have brought, and the browser acknowledged, more than this one has sent.
    let lastId = Math.max(id, this.#acknowledged)
    for (let i = lastId - this.#acknowledged; i < this.#packets.length; i += 1) {
      const data = this.#packets[i]
      if (data === undefined || (bytes > 0 && bytes + data.bytes > maxBatchBytes)) break
      lastId += 1
      bytes += data.bytes
      parts.push(`[${lastId},0,${data.json}]`)
    }
    return parts.length === 0 ? undefined : { json: `[${parts.join(',')}]`, lastId, bytes }
  }

  /** Lets all go; nothing is sent any more. */
  clear(): void {
    this.#acknowledged = this.lastId
    this.#packets = []
    this.#bytes = 0
  }
}
