import { readFileSync } from 'node:fs'
import type { Mode } from '../config/checks.ts'
import { type Config, ConfigError } from '../config/config.ts'
import { helpText } from '../config/help.ts'
import { readConfig } from '../config/read-config.ts'
import { type CommandLine, readFlags } from '../config/read-flags.ts'
import type { Settings } from '../config/schema.ts'
import { exitCodes } from './exit-codes.ts'
import { hookFields, hookFlags } from './hook-flags.ts'
import { printError, printLine } from './print.ts'
import { readVersion } from './version.ts'

/** Does what the command line says and sets the exit code: 0 done, 1 failed, 2 wrong configuration. */
export async function main(argv: readonly string[]): Promise<void> {
  try {
    process.exitCode = await run(argv)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    for (const problem of error.problems) printError(problem)
    printError('`offhook --help` lists all options')
    process.exitCode = exitCodes.configuration
  }
}

async function run(argv: readonly string[]): Promise<number> {
  const command = commandOf(argv)
  const line = readFlags(command.rest, command.mode === 'hook' ? hookFlags : [])
  if (line.wants === 'help') {
    printLine(helpText({ columns: process.stdout.columns ?? 100, hookFlags }))
    return exitCodes.ok
  }
  if (line.wants === 'version') {
    printLine(readVersion())
    return exitCodes.ok
  }
  const { config, notices } = await readConfig({
    argv: withWordProblems(line, command.mode),
    env: process.env,
    readFile: (path) => readFileSync(path, 'utf8'),
    mode: command.mode,
    ...(command.mode === 'dev' ? { defaults: devDefaults } : {}),
  })
  if (command.mode === 'hook') return runHook(config, line)
  const { serve } = await import('./serve.ts')
  return serve(config, { app: command.mode === 'dev' ? 'none' : 'http', notices })
}

/** A first look leaves no folder behind, and lets nobody in from elsewhere. */
const devDefaults: Partial<Settings> = { interface: '127.0.0.1', store: 'memory', dev: true }

function commandOf(argv: readonly string[]): { mode: Mode; rest: readonly string[] } {
  const [first] = argv
  if (first === 'dev' || first === 'hook') return { mode: first, rest: argv.slice(1) }
  return { mode: 'serve', rest: argv }
}

/** `offhook hook` takes one word, the others none. */
function withWordProblems(line: CommandLine, mode: Mode): CommandLine {
  const expected = mode === 'hook' ? 1 : 0
  const problems = line.words
    .slice(expected)
    .map((word) => `${JSON.stringify(word)} is not an option and no command`)
  if (line.words.length < expected) problems.push('say which hook, e.g. offhook hook subscribe')
  return { ...line, problems: [...line.problems, ...problems] }
}

async function runHook(settings: Config, line: CommandLine): Promise<number> {
  const { runHookCommand } = await import('./hook-command.ts')
  const { fields, cookie } = hookFields(line.commandFlags)
  return runHookCommand({ hook: line.words[0] ?? '', fields, cookie, settings, write: printLine })
}
