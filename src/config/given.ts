import type { SettingName } from './schema.ts'

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
