import type { Given, Source } from './given.ts'
import { nearest } from './nearest.ts'
import { settingNames } from './schema.ts'

/** `hook-timeout`, `hook_timeout` and `hookTimeout` are one key. */
function sameKey(key: string): string {
  return key.replaceAll(/[-_]/g, '').toLowerCase()
}

const names = new Map(settingNames.map((name) => [sameKey(name.flag), name]))

/** Reads the text of a configuration file: an object whose keys are the names of flags. */
export async function readConfigText(file: string, text: string): Promise<Source> {
  const parsed = await parse(file, text)
  if ('problem' in parsed) return { given: [], problems: [parsed.problem], notices: [] }
  const given: Given[] = []
  const problems: string[] = []
  for (const [key, raw] of Object.entries(parsed.value)) {
    const name = names.get(sameKey(key))
    const label = `${key} in ${file}`
    if (name) given.push({ name, raw, label })
    else {
      const meant = nearest(
        key,
        settingNames.map(({ flag }) => flag),
      )
      problems.push(`${label} is not a setting${meant ? `; is it ${meant}?` : ''}`)
    }
  }
  return { given, problems, notices: [] }
}

type ParsedFile = { readonly value: object } | { readonly problem: string }

async function parse(file: string, text: string): Promise<ParsedFile> {
  let value: unknown
  try {
    value = /\.ya?ml$/i.test(file) ? await parseYaml(text) : JSON.parse(text)
  } catch (error) {
    // Parsers quote the text around a mistake, which may be a secret: only the place is told.
    return {
      problem: `${file} cannot be read as ${/\.ya?ml$/i.test(file) ? 'YAML' : 'JSON'}${placeOf(error)}`,
    }
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { value }
  return value === null || value === undefined
    ? { value: {} }
    : { problem: `${file} must hold one object of settings` }
}

async function parseYaml(text: string): Promise<unknown> {
  // Bundled, a CommonJS library imported late has its default export only.
  const { default: yaml } = await import('yaml')
  return yaml.parse(text, { maxAliasCount: 0 })
}

function placeOf(error: unknown): string {
  const place = error instanceof Error ? /line \d+(,? column \d+)?/.exec(error.message) : null
  return place ? ` (${place[0]})` : ''
}
