import type { Settings } from './schema.ts'

/** What is worked out from the settings once all of them are known. */
interface DerivedSettings {
  /** Origins of the hook URLs given at start. */
  readonly hookOrigins: readonly string[]
}

/** The whole configuration: one flat frozen object. Durations are milliseconds, sizes are bytes. */
export type Config = Settings & DerivedSettings

/** Everything that is wrong with the configuration, one line each; never holds the value of a secret. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.problems = problems
  }
}
