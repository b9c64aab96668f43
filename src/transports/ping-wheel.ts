import type { Clock } from '../core/ports.ts'

/** A link as the wheel sees it. */
export interface Pingable {
  /** Which of the wheel's slots it stands in; the wheel's own. */
  slot: number
  /** Tick of the ping that has not been answered, 0 = none; the link sets it to 0 when it hears something. */
  pingedAt: number
  ping(): void
  /** Looks at what else may have stalled. */
  inspect(): void
  /** Whether silence is our own doing: reading is paused, or the ping still waits behind other bytes. */
  readonly isExcused: boolean
  /** The ping was not answered in time. */
  lost(): void
}

const slotCount = 250
const minTickMs = 10

/**
 * Pings every link once per interval, and ends those that do not answer in time, from one timer: no timer per link.
 * Links are spread over the slots, so that ten thousand that came at once are not pinged at once.
 */
export class PingWheel<L extends Pingable> {
  readonly #clock: Clock
  readonly #tickMs: number
  readonly #timeoutTicks: number
  readonly #slots: Set<L>[]
  #tick = 0
  #nextSlot = 0
  #stop: () => void

  constructor(times: { readonly intervalMs: number; readonly timeoutMs: number }, clock: Clock) {
    this.#clock = clock
    this.#tickMs = Math.max(minTickMs, Math.floor(times.intervalMs / slotCount))
    const count = Math.max(1, Math.round(times.intervalMs / this.#tickMs))
    this.#slots = Array.from({ length: count }, () => new Set<L>())
    this.#timeoutTicks = Math.max(1, Math.ceil(times.timeoutMs / this.#tickMs))
    this.#stop = this.#arm()
  }

  add(link: L): void {
    link.slot = this.#nextSlot
    link.pingedAt = 0
    this.#nextSlot = (this.#nextSlot + 1) % this.#slots.length
    this.#slotAt(link.slot).add(link)
  }

  remove(link: L): void {
    this.#slotAt(link.slot).delete(link)
  }

  /** All links that are in. */
  *links(): Generator<L> {
    for (const slot of this.#slots) yield* slot
  }

  stop(): void {
    this.#stop()
  }

  #arm(): () => void {
    return this.#clock.after(this.#tickMs, () => {
      this.#stop = this.#arm()
      this.#turn()
    })
  }

  #turn(): void {
    this.#tick += 1
    for (const link of this.#slotAt(this.#tick - this.#timeoutTicks)) this.#check(link)
    for (const link of this.#slotAt(this.#tick)) {
      link.inspect()
      if (link.pingedAt !== 0) continue
      link.pingedAt = this.#tick
      link.ping()
    }
  }

  #check(link: L): void {
    link.inspect()
    if (link.pingedAt === 0 || this.#tick - link.pingedAt < this.#timeoutTicks) return
    if (link.isExcused) link.pingedAt = this.#tick
    else link.lost()
  }

  #slotAt(tick: number): Set<L> {
    const count = this.#slots.length
    const slot = this.#slots[((tick % count) + count) % count]
    if (slot === undefined) throw new RangeError('no such slot')
    return slot
  }
}
