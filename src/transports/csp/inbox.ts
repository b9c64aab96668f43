import type { ClientPacket } from './packets.ts'

/** Attack: packets behind a gap that never fills would pile up. */
const maxAhead = 256
const maxWaitingBytes = 262_144

/** Puts the browser's packets in order: they may come twice, late, and while nobody reads. */
export class CspInbox {
  readonly #waiting = new Map<number, ClientPacket>()
  #bytes = 0
  #last = 0

  /**
   * Keeps a packet until its turn; one that is known is dropped. False where it would have to wait and there is no
   * room: the browser sends it again.
   */
  put(packet: ClientPacket): boolean {
    if (packet.id <= this.#last || this.#waiting.has(packet.id)) return true
    if (packet.id > this.#last + maxAhead) return false
    const bytes = sizeOf(packet)
    // The next one in order is always taken, else a full buffer behind it could never empty.
    if (this.#bytes + bytes > maxWaitingBytes && packet.id !== this.#last + 1) return false
    this.#waiting.set(packet.id, packet)
    this.#bytes += bytes
    return true
  }

  /** The next packet in order, if it has come. */
  take(): ClientPacket | undefined {
    const packet = this.#waiting.get(this.#last + 1)
    if (packet === undefined) return undefined
    this.#last += 1
    this.#waiting.delete(packet.id)
    this.#bytes -= sizeOf(packet)
    return packet
  }

  clear(): void {
    this.#waiting.clear()
    this.#bytes = 0
  }
}

function sizeOf({ data }: ClientPacket): number {
  return data === null ? 0 : Buffer.byteLength(data)
}
