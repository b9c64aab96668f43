import { Command, CommanderError, Option } from 'commander'
import { expandArguments } from './expand-arguments.ts'
import { type CommandFlag, type FlagSpec, flagSpecs, ignoredFlags } from './flag-spec.ts'
import type { Given, Source } from './given.ts'

/** What the command line says. */
export interface CommandLine extends Source {
  /** Arguments that are no flags. */
  readonly words: readonly string[]
  /** `--config`. */
  readonly configFile: string | undefined
  readonly wants: 'help' | 'version' | undefined
  /** Flags of the command itself, each with its values in order. */
  readonly commandFlags: ReadonlyMap<string, readonly string[]>
}

interface Occurrence {
  readonly spec: FlagSpec
  readonly value: string | undefined
}

/** Reads the command line; what is wrong with it is in `problems`. */
export function readFlags(
  argv: readonly string[],
  commandFlags: readonly CommandFlag[],
): CommandLine {
  const specs = flagSpecs(commandFlags)
  const expanded = expandArguments(argv, specs)
  const problems = [...expanded.problems]
  const occurrences: Occurrence[] = []
  const command = commandOf(specs, (occurrence) => occurrences.push(occurrence))
  try {
    command.parse(expanded.argv, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    problems.push(error.message.replace(/^error: /, ''))
  }
  const has = (flag: string): boolean => occurrences.some(({ spec }) => spec.flag === flag)
  return {
    given: occurrences.flatMap(givenOf),
    problems,
    notices: [...new Set(occurrences.flatMap(noticesOf))],
    words: command.args,
    configFile: occurrences.findLast(({ spec }) => spec.flag === 'config')?.value,
    wants: has('help') ? 'help' : has('version') ? 'version' : undefined,
    commandFlags: new Map(
      commandFlags.map(({ flag }) => [
        flag,
        occurrences.flatMap(({ spec, value }) =>
          spec.flag === flag && value !== undefined ? [value] : [],
        ),
      ]),
    ),
  }
}

function commandOf(
  specs: readonly FlagSpec[],
  onOption: (occurrence: Occurrence) => void,
): Command {
  const command = new Command('offhook')
    .helpOption(false)
    .exitOverride()
    .allowExcessArguments()
    .configureOutput({ writeErr: () => undefined })
    .argument('[words...]')
  for (const spec of specs) {
    const value = { value: ' <value>', 'optional value': ' [value]', nothing: '' }[spec.takes]
    const short = spec.short ? `-${spec.short}, ` : ''
    command.addOption(new Option(`${short}--${spec.flag}${value}`))
    command.on(`option:${spec.flag}`, (text: string | null | undefined) =>
      onOption({ spec, value: text ?? undefined }),
    )
  }
  return command
}

function givenOf({ spec, value }: Occurrence): readonly Given[] {
  if (!spec.name) return []
  return [{ name: spec.name, raw: value ?? true, label: `--${spec.flag}` }]
}

function noticesOf({ spec, value }: Occurrence): readonly string[] {
  if (ignoredFlags.includes(spec.flag)) return [`--${spec.flag} has no effect`]
  if (!spec.name?.setting.secret || spec.name.from === 'file' || !value) return []
  return [
    `--${spec.flag} shows in the list of processes; --${spec.flag}-file or the environment does not`,
  ]
}
