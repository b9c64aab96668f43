import { parseArgs } from 'node:util'
import { simulate } from './simulate.ts'

/**
 * npm run simulate -- --seeds 20000 --from 1     runs many; prints the first failing one with the end of its story
 * npm run simulate -- --seed 17 --trace          replays one, exactly, and prints all of it
 */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    trace: { type: 'boolean', default: false },
    'keep-going': { type: 'boolean', default: false },
  },
})

const tailLines = 60

if (values.seed === undefined) await runMany(Number(values.from), Number(values.seeds))
else await replay(Number(values.seed), values.trace ? Number.POSITIVE_INFINITY : tailLines)

async function runMany(from: number, seeds: number): Promise<void> {
  const failed: number[] = []
  const began = performance.now()
  let acknowledged = 0
  let pushed = 0
  for (let seed = from; seed < from + seeds; seed += 1) {
    const outcome = await simulate(seed)
    acknowledged += outcome.acknowledged
    pushed += outcome.pushed
    // Lets the process breathe: unhandled rejections and signals are seen between runs.
    await new Promise((resolve) => setImmediate(resolve))
    if (outcome.violations.length === 0) continue
    failed.push(seed)
    say(`seed ${seed}: ${outcome.violations[0]?.split('\n')[0]}`)
    if (!values['keep-going']) {
      await replay(seed, tailLines)
      break
    }
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  say(
    `${seeds} seeds from ${from}: ${failed.length} failed, ${acknowledged} publishes acknowledged, ${pushed} pushes, ${seconds} s`,
  )
  if (failed.length > 0) process.exitCode = 1
}

async function replay(seed: number, lines: number): Promise<void> {
  const { trace, violations } = await simulate(seed, { traces: 'traces' })
  for (const line of trace.slice(-lines)) say(line)
  say(violations.length === 0 ? `seed ${seed} holds` : `seed ${seed}: ${violations.join('\n')}`)
  if (violations.length > 0) process.exitCode = 1
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
