import type { Dice } from './dice.ts'
import type { Judge } from './judge.ts'
import type { Ledger } from './ledger.ts'
import type { Plan } from './plan.ts'
import type { Receipts } from './receipts.ts'
import type { SimulatedNode } from './simulated-node.ts'
import type { Timeline } from './timeline.ts'

/** What a client of the simulation lives in. */
export interface ClientParts {
  readonly timeline: Timeline
  readonly dice: Dice
  readonly judge: Judge
  readonly plan: Plan
  readonly ledger: Ledger
  readonly receipts: Receipts
  readonly nodes: readonly SimulatedNode[]
}
