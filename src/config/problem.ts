import type { SettingKey } from './schema.ts'

/** A mistake, and the settings that make it together. */
export interface Problem {
  readonly keys: readonly SettingKey[]
  readonly text: string
}
