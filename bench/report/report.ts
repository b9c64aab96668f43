import type { Contender } from '../contenders/contender.ts'
import type { Failure } from '../rounds.ts'
import type { Scenario, Sizes } from '../scenarios/scenario.ts'
import type { Machine } from './machine.ts'
import type { Row } from './summary.ts'

/** Everything that a run has to say. */
export interface Report {
  readonly machine: Machine
  readonly sizes: Sizes
  readonly rounds: number
  readonly scenarios: readonly Scenario[]
  readonly contenders: readonly Contender[]
  readonly rows: readonly Row[]
  /** Contenders that could not run here, with the reason. */
  readonly skipped: readonly { readonly contender: string; readonly reason: string }[]
  readonly failures: readonly Failure[]
}
