import { appUrlParts } from './app-url.ts'
import { findProblems } from './checks.ts'
import { completeConfig } from './complete.ts'
import { type Config, ConfigError } from './config.ts'
import { givenKeys } from './given.ts'
import { mergeValues } from './merge.ts'
import { nearest } from './nearest.ts'
import { parseValue } from './parse-value.ts'
import { type Settings, settings } from './schema.ts'
import type { Setting } from './setting.ts'

/**
 * A configuration made by code: settings that are not given have their defaults. Throws ConfigError where one is
 * unknown or wrong.
 */
export function configOf(given: Partial<Settings>): Config {
  const byKey = new Map<string, Setting>(settings)
  const problems = Object.entries(given).flatMap(([key, value]) => {
    const setting = byKey.get(key)
    if (setting) return problemsOf(key, setting, value)
    const meant = nearest(key, byKey.keys())
    return [`${key} is not a setting${meant ? `; is it ${meant}?` : ''}`]
  })
  if (problems.length > 0) throw new ConfigError(problems)
  const app = given.appUrl ? appUrlParts(given.appUrl) : {}
  const config = completeConfig(mergeValues([], { ...app, ...given }))
  const together = findProblems(config, { mode: 'serve', given: givenKeys(Object.entries(given)) })
  if (together.length > 0) throw new ConfigError(together.map(({ text }) => text))
  return config
}

/** Code gives values as `Config` holds them: milliseconds where a flag takes seconds. */
function problemsOf(key: string, setting: Setting, value: unknown): readonly string[] {
  const isDuration = setting.kind === 'seconds' && typeof value === 'number'
  const parsed = parseValue(setting, isDuration ? value / 1000 : value)
  if ('problem' in parsed) return [`${key}${isDuration ? ', in seconds,' : ''} ${parsed.problem}`]
  const expected = isDuration ? setting.default : (setting.default ?? 0)
  const isOfType = value === null || typeof value === typeof expected
  return isOfType ? [] : [`${key} must be of type ${typeof expected}`]
}
