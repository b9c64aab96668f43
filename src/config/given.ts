import type { SettingKey, SettingName } from './schema.ts'

/** One value that somebody gave for a setting, not parsed yet. */
export interface Given {
  readonly name: SettingName
  /** Text from flags and environment, a JSON value from a file. */
  readonly raw: unknown
  /** The name as it was given: `--port`, `OFFHOOK_PORT`, `port in offhook.yaml`. */
  readonly label: string
}

/** What one source of settings holds. */
export interface Source {
  readonly given: readonly Given[]
  readonly problems: readonly string[]
  readonly notices: readonly string[]
}

/** The keys of what was given. An empty text says no more than not giving it, but for an empty path. */
export function givenKeys(values: Iterable<readonly [string, unknown]>): ReadonlySet<SettingKey> {
  const given = [...values].filter(([key, value]) => value !== '' || key === 'cbPath')
  return new Set(given.map(([key]) => key as SettingKey))
}
