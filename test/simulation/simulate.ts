import type { CoreParts } from '../../src/core/core.ts'
import { checkAtRest } from './check-at-rest.ts'
import { checkRoomsAtRest } from './check-rooms.ts'
import { Dice } from './dice.ts'
import { Judge } from './judge.ts'
import { type Plan, planRun } from './plan.ts'
import { Receipts } from './receipts.ts'
import { SimulatedApp } from './simulated-app.ts'
import { SimulatedBackend } from './simulated-backend.ts'
import { SimulatedBoss } from './simulated-boss.ts'
import { SimulatedBus } from './simulated-bus.ts'
import { SimulatedClient } from './simulated-client.ts'
import { SimulatedNode } from './simulated-node.ts'
import { SimulatedStore } from './simulated-store.ts'
import { SimulatedTalker } from './simulated-talker.ts'
import { Timeline } from './timeline.ts'
import { Trouble } from './trouble.ts'

/** All that there is in one run. */
export interface World {
  readonly plan: Plan
  readonly timeline: Timeline
  readonly judge: Judge
  readonly store: SimulatedStore
  readonly bus: SimulatedBus
  readonly app: SimulatedApp
  readonly receipts: Receipts
  readonly nodes: readonly SimulatedNode[]
  readonly clients: readonly SimulatedClient[]
  readonly talkers: readonly SimulatedTalker[]
}

export interface SimulateOptions {
  readonly traces?: 'traces' | 'silent'
  readonly sabotage?: (parts: CoreParts) => CoreParts
}

/** What a run came to. */
export interface Outcome {
  readonly violations: readonly string[]
  readonly trace: readonly string[]
  /** Publishes that were acknowledged: a run that acknowledges none shows nothing. */
  readonly acknowledged: number
  /** Pushes that the app got. */
  readonly pushed: number
}

/** Longer than any wait of the core: dead nodes, stale intents, kept places, retried notices. */
const restMs = 240_000
const maxRestMs = 1_500_000

/** Runs one seed to its end, or to the first guarantee that does not hold. */
export async function simulate(seed: number, options: SimulateOptions = {}): Promise<Outcome> {
  const { traces = 'silent', sabotage = (parts) => parts } = options
  const timeline = new Timeline()
  const judge = new Judge(timeline, traces)
  const plan = planRun(seed)
  const dice = new Dice(seed)
  const parts = { timeline, judge, plan, dice }
  judge.note(() => JSON.stringify(plan))
  const store = new SimulatedStore({ ...parts, manners: plan.store })
  const bus = new SimulatedBus({ ...parts, manners: plan.bus })
  const { ledger } = store
  const app = new SimulatedApp({ ...parts, rooms: ledger.rooms })
  const receipts = new Receipts({ ledger, judge, plan })
  const nodes = Array.from(
    { length: plan.nodes },
    (_, index) => new SimulatedNode(`n${index}`, { ...parts, store, bus, app, sabotage }),
  )
  for (const node of nodes) node.start()
  const lived = { ...parts, ledger, receipts, nodes }
  const clients = plan.clients.map((who, index) => new SimulatedClient(`k${index}`, who, lived))
  const talkers = plan.talkers.map((who, index) => new SimulatedTalker(`h${index}`, who, lived))
  const boss = new SimulatedBoss({ ...parts, app, receipts, nodes })
  const backend = new SimulatedBackend(lived)
  const world = { plan, timeline, judge, store, bus, app, receipts, nodes, clients, talkers }
  const trouble = new Trouble(world, dice)
  const stops = () => judge.found
  await timeline.pass(plan.busyMs, stops)
  judge.note(() => 'rest')
  boss.rest()
  backend.rest()
  trouble.end()
  for (const client of [...clients, ...talkers]) client.rest()
  await timeline.pass(restMs, stops)
  await drainOutbox(world)
  if (!judge.found) await checkAtRest(world)
  if (!judge.found) await checkRoomsAtRest(world)
  return {
    violations: judge.violations,
    trace: judge.trace,
    acknowledged: receipts.count,
    pushed: ledger.rooms.pushes.count,
  }
}

async function drainOutbox({ timeline, store, judge }: World): Promise<void> {
  for (let waited = 0; waited < maxRestMs && !judge.found; waited += 30_000) {
    if ((await store.truth.outbox.stats()).waiting === 0) return
    await timeline.pass(30_000, () => judge.found)
  }
}
