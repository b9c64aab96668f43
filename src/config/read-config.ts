import { findNotices, findProblems, type Mode } from './checks.ts'
import { completeConfig } from './complete.ts'
import { type Config, ConfigError } from './config.ts'
import { givenKeys, type Source } from './given.ts'
import { mergeValues } from './merge.ts'
import { configVariable, type Environment, readEnvironment } from './read-environment.ts'
import { readConfigText } from './read-file.ts'
import { type CommandLine, readFlags } from './read-flags.ts'
import { checkServices, readHipochat } from './read-hipochat.ts'
import { type ReadFile, type ResolvedSource, resolveSource } from './resolve-source.ts'
import type { SettingKey, Settings } from './schema.ts'

/** Where settings come from. */
export interface ConfigSources {
  /** Arguments after the command's name, or what `readFlags` made of them. */
  readonly argv: readonly string[] | CommandLine
  readonly env: Environment
  /** Reads a text file; throws where it cannot. */
  readonly readFile: ReadFile
  readonly mode?: Mode
  /** Stand in for the schema's defaults. */
  readonly defaults?: Partial<Settings>
}

/**
 * Puts the configuration together: flags before environment (`OFFHOOK_…`, then Hipochat's variables) before file before
 * defaults. Throws ConfigError with all problems.
 */
export async function readConfig(
  sources: ConfigSources,
): Promise<{ readonly config: Config; readonly notices: readonly string[] }> {
  const { argv, env, readFile, mode = 'serve' } = sources
  const flags = 'given' in argv ? argv : readFlags(argv, [])
  const file = await readConfigFile(flags.configFile ?? env[configVariable], readFile)
  const inOrder = [flags, readEnvironment(env), readHipochat(env), file]
  const resolved = inOrder.map(({ given }) => resolveSource(given, readFile))
  const values = mergeValues(resolved, sources.defaults ?? {})
  const config = completeConfig(values)
  const failed = new Set(resolved.flatMap((source) => source.failed))
  const checked = { mode, given: keysOf(resolved) }
  const together = findProblems(config, checked).filter(
    ({ keys }) => !keys.some((key) => failed.has(key)),
  )
  const services = checkServices(env, checked)
  const problems = [...inOrder, ...resolved, services].flatMap((source) => source.problems)
  problems.push(...together.map(({ text }) => text))
  if (problems.length > 0) throw new ConfigError(problems)
  const notices = [...inOrder, services].flatMap((source) => source.notices)
  return { config, notices: [...notices, ...findNotices(config, checked)] }
}

function keysOf(resolved: readonly ResolvedSource[]): ReadonlySet<SettingKey> {
  const values = resolved.flatMap((source) => [...source.values])
  return givenKeys(values.map(([key, { value }]) => [key, value] as const))
}

async function readConfigFile(file: string | undefined, readFile: ReadFile): Promise<Source> {
  if (!file) return { given: [], problems: [], notices: [] }
  let text: string
  try {
    text = readFile(file)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return { given: [], problems: [`--config cannot be read: ${reason}`], notices: [] }
  }
  return readConfigText(file, text)
}
