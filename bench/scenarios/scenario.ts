import type { Contender } from '../contenders/contender.ts'
import type { Sample } from '../measure/window.ts'
import type { Cores } from '../processes/cores.ts'

/** How large and how long everything is. */
export interface Sizes {
  readonly warmUpMs: number
  readonly measureMs: number
  /** Subscribers of the fan-out. */
  readonly subscribers: number
  readonly burst: number
  readonly rooms: number
  readonly members: number
  /** Publishes under way where each is acknowledged. */
  readonly publishers: number
  readonly restLinks: number
  readonly batch: number
  readonly idleLinks: number
  readonly starts: number
  /** Payload lengths in bytes. */
  readonly payloads: readonly number[]
}

/** One contender's turn in one scenario. */
export interface Turn {
  readonly contender: Contender
  readonly cores: Cores
  readonly sizes: Sizes
}

/** One figure of a turn. */
export interface Outcome {
  /** Payload length in bytes, where it matters. */
  readonly payload?: number
  readonly value: number
  readonly sample?: Sample
}

/** What is measured of each contender. */
export interface Scenario {
  readonly name: string
  /** As tables say it. */
  readonly title: (sizes: Sizes) => string
  readonly unit: '/s' | 'KiB' | 'ms'
  /** What is counted. */
  readonly counts: string
  run(turn: Turn): Promise<Outcome[]>
}
