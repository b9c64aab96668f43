import type { Contender } from './contenders/contender.ts'
import type { Cores } from './processes/cores.ts'
import type { Outcome, Scenario, Sizes } from './scenarios/scenario.ts'

/** One figure of one contender in one round. */
export interface Figure extends Outcome {
  readonly scenario: string
  readonly contender: string
  readonly round: number
}

/** A turn that came to nothing. */
export interface Failure {
  readonly scenario: string
  readonly contender: string
  readonly round: number
  readonly reason: string
}

/** What is to be run. */
export interface Plan {
  readonly contenders: readonly Contender[]
  readonly scenarios: readonly Scenario[]
  readonly rounds: number
  readonly sizes: Sizes
  readonly cores: Cores
  /** Tells what is going on. */
  readonly say: (line: string) => void
}

/**
 * Runs each scenario round by round, in each round every contender in turn, so that whatever else the machine does
 * meets all of them alike. A turn that fails is reported and does not stop the others.
 */
export async function runRounds(
  plan: Plan,
): Promise<{ figures: readonly Figure[]; failures: readonly Failure[] }> {
  const { cores, sizes, rounds, say } = plan
  const figures: Figure[] = []
  const failures: Failure[] = []
  for (const { scenario, contender, round } of turnsOf(plan)) {
    const turn = { scenario: scenario.name, contender: contender.name, round }
    const label = `${turn.scenario} ${round}/${rounds} ${turn.contender}`
    try {
      const outcomes = await scenario.run({ contender, cores, sizes })
      for (const outcome of outcomes) figures.push({ ...turn, ...outcome })
      say(`${label}: ${outcomes.map(({ value }) => value.toFixed(1)).join(', ')}`)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      failures.push({ ...turn, reason })
      say(`${label} failed: ${reason}`)
    }
  }
  return { figures, failures }
}

function* turnsOf(plan: Plan) {
  for (const scenario of plan.scenarios) {
    const takers = plan.contenders.filter(({ scenarios }) => scenarios.includes(scenario.name))
    for (let round = 1; round <= plan.rounds; round += 1) {
      for (const contender of takers) yield { scenario, contender, round }
    }
  }
}
