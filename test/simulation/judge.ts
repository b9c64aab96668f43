import type { Timeline } from './timeline.ts'

/** What was found wrong, and the way there. */
export class Judge {
  readonly violations: string[] = []
  readonly trace: string[] = []
  readonly #timeline: Timeline
  readonly #traces: 'traces' | 'silent'

  constructor(timeline: Timeline, traces: 'traces' | 'silent') {
    this.#timeline = timeline
    this.#traces = traces
  }

  /** A guarantee does not hold. `rule` is its name in design §5. */
  violated(rule: string, text: string): void {
    this.violations.push(`${this.#timeline.elapsed} ${rule}: ${text}`)
    this.trace.push(`${this.#timeline.elapsed} !!! ${rule}: ${text}`)
  }

  /** One line of the story; `tell` is called only where somebody will read it. */
  note(tell: () => string): void {
    if (this.#traces === 'traces') this.trace.push(`${this.#timeline.elapsed} ${tell()}`)
  }

  get found(): boolean {
    return this.violations.length > 0
  }
}
