/** From when to when; `to` undefined: still. */
interface Span {
  readonly from: number
  to: number | undefined
}

/** When each of many was something: in a room, a member of it. Times are the timeline's. */
export class Spans {
  readonly #spans = new Map<string, Span[]>()

  begin(who: string, at: number): void {
    if (this.isOpen(who)) return
    const spans = this.#spans.get(who)
    if (spans === undefined) this.#spans.set(who, [{ from: at, to: undefined }])
    else spans.push({ from: at, to: undefined })
  }

  end(who: string, at: number): void {
    const last = this.#spans.get(who)?.at(-1)
    if (last !== undefined) last.to ??= at
  }

  isOpen(who: string): boolean {
    const last = this.#spans.get(who)?.at(-1)
    return last !== undefined && last.to === undefined
  }

  /** Since when it is so without a break; undefined: it is not. */
  since(who: string): number | undefined {
    return this.isOpen(who) ? this.#spans.get(who)?.at(-1)?.from : undefined
  }

  /** At some moment between the two. */
  touches(who: string, from: number, to: number): boolean {
    const spans = this.#spans.get(who) ?? []
    return spans.some((span) => span.from <= to && (span.to ?? to) >= from)
  }

  /** All the time between the two, and at neither of them only just. */
  covers(who: string, from: number, to: number): boolean {
    const spans = this.#spans.get(who) ?? []
    return spans.some((span) => span.from < from && (span.to === undefined || span.to > to))
  }
}
