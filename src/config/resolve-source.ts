import { isDeepStrictEqual } from 'node:util'
import { appUrlParts } from './app-url.ts'
import type { Given } from './given.ts'
import { type Parsed, parseValue, type Value } from './parse-value.ts'
import type { SettingKey } from './schema.ts'

/** A parsed value and the name it was given by. */
export interface ResolvedValue {
  readonly value: Value
  readonly label: string
}

/** The settings that one source (flags, environment, file) gives. */
export interface ResolvedSource {
  readonly values: ReadonlyMap<SettingKey, ResolvedValue>
  readonly problems: readonly string[]
  /** What was given, but wrongly. */
  readonly failed: readonly SettingKey[]
}

/** Reads a text file; throws where it cannot. */
export type ReadFile = (path: string) => string

/** Parses what a source gave. Two names of one thing with different values are a mistake; one name given twice is not. */
export function resolveSource(given: readonly Given[], readFile: ReadFile): ResolvedSource {
  const values = new Map<SettingKey, ResolvedValue>()
  const problems: string[] = []
  const failed: SettingKey[] = []
  const byName = Map.groupBy(given, ({ name }) => name)
  for (const [name, occurrences] of byName) {
    const { label } = occurrences[0] as Given
    const parsed = parseOccurrences(occurrences, readFile)
    if ('problem' in parsed) {
      problems.push(`${label} ${parsed.problem}`)
      failed.push(name.key)
    } else problems.push(...put(values, name.key, { value: parsed.value, label }))
  }
  problems.push(...spreadAppUrl(values))
  return { values, problems, failed }
}

/** A repeated list grows; of anything else the last one counts. */
function parseOccurrences(occurrences: readonly Given[], readFile: ReadFile): Parsed {
  const last = occurrences.at(-1) as Given
  const { setting, from } = last.name
  const counting = setting.kind === 'list' ? occurrences : [last]
  try {
    const raws = counting.map(({ raw }) => (from === 'file' ? readSecret(raw, readFile) : raw))
    return parseValue(setting, raws.length === 1 ? raws[0] : raws.flat())
  } catch (error) {
    return { problem: `cannot be read: ${error instanceof Error ? error.message : String(error)}` }
  }
}

/** Editors and `echo` leave a line end behind the secret. */
function readSecret(path: unknown, readFile: ReadFile): string {
  return readFile(String(path)).replace(/\r?\n$/, '')
}

function put(
  values: Map<SettingKey, ResolvedValue>,
  key: SettingKey,
  resolved: ResolvedValue,
): readonly string[] {
  const other = values.get(key)
  if (other && !isDeepStrictEqual(other.value, resolved.value)) {
    return [`${other.label} and ${resolved.label} mean the same thing but differ`]
  }
  values.set(key, resolved)
  return []
}

/** The same URL by another name is no mistake. */
function spreadAppUrl(values: Map<SettingKey, ResolvedValue>): readonly string[] {
  const given = values.get('appUrl')
  if (!given?.value) return []
  const parts = Object.entries(appUrlParts(String(given.value))) as [SettingKey, Value][]
  return parts.flatMap(([key, value]) => put(values, key, { value, label: given.label }))
}
