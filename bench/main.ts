import { type Arguments, help, readArguments } from './arguments.ts'
import { contendersFor } from './contenders/all.ts'
import type { Contender } from './contenders/contender.ts'
import { cleanUpAtExit } from './processes/children.ts'
import { pinToCores } from './processes/cores.ts'
import { describeMachine } from './report/machine.ts'
import { printJson, printMarkdown, printText } from './report/print.ts'
import type { Report } from './report/report.ts'
import { summarize } from './report/summary.ts'
import { updateDocument } from './report/update-document.ts'
import { runRounds } from './rounds.ts'
import { scenarios } from './scenarios/all.ts'

const printers = { text: printText, json: printJson, markdown: printMarkdown }

process.exitCode = await main(process.argv.slice(2))

/** Answers the exit code: 1 where a turn failed, 2 where the command line makes no sense. */
async function main(argv: readonly string[]): Promise<number> {
  try {
    const args = readArguments(argv)
    if (args === 'help') process.stdout.write(help)
    else if (args === 'list') process.stdout.write(listing())
    else return await run(args)
    return 0
  } catch (error) {
    say(error instanceof Error ? error.message : String(error))
    return 2
  }
}

async function run(args: Arguments): Promise<number> {
  const chosen = choose('contender', contendersFor(args.frames), args.only)
  const skipped = chosen.flatMap((contender) => skip(contender))
  for (const { contender, reason } of skipped) say(`skipped: ${contender}: ${reason}`)
  const contenders = chosen.filter(({ name }) => !skipped.some((one) => one.contender === name))
  const plan = {
    contenders,
    scenarios: choose('scenario', scenarios, args.scenario),
    rounds: args.rounds,
    sizes: args.sizes,
    cores: pinToCores(),
    say,
  }
  cleanUpAtExit()
  const { figures, failures } = await runRounds(plan)
  const machine = describeMachine(plan.cores)
  const report: Report = { ...plan, machine, rows: summarize(figures), skipped, failures }
  if (args.update !== undefined) updateDocument(args.update, printMarkdown(report))
  process.stdout.write(printers[args.output](report))
  return failures.length > 0 ? 1 : 0
}

function choose<T extends { readonly name: string }>(
  what: string,
  all: readonly T[],
  names: readonly string[] | undefined,
): readonly T[] {
  if (names === undefined) return all
  const unknown = names.find((name) => !all.some((one) => one.name === name))
  if (unknown !== undefined) {
    const known = all.map(({ name }) => name).join(', ')
    throw new Error(`no ${what} is called ${unknown}; there are ${known}`)
  }
  return all.filter(({ name }) => names.includes(name))
}

function skip(contender: Contender): { contender: string; reason: string }[] {
  const reason = contender.missing()
  return reason === undefined ? [] : [{ contender: contender.name, reason }]
}

function listing(): string {
  const names = (all: readonly { readonly name: string }[]) =>
    all.map(({ name }) => name).join(', ')
  return `contenders: ${names(contendersFor(2))}\nscenarios: ${names(scenarios)}\n`
}

function say(line: string): void {
  process.stderr.write(`bench: ${line}\n`)
}
