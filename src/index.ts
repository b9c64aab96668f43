import { configOf } from './config/config-of.ts'
import type { Settings } from './config/schema.ts'
import { type Server, type ServerParts, createServer as startServer } from './server.ts'

export type { Config } from './config/config.ts'
export { ConfigError } from './config/config.ts'
export { readConfig } from './config/read-config.ts'
export type { Settings } from './config/schema.ts'
export { Failure, HookFailure, Refusal } from './core/errors.ts'
export type { Server, ServerParts } from './server.ts'

/**
 * Starts Offhook inside another program. Settings that are not given have their defaults; their names are those of
 * `Config`: durations in milliseconds, sizes in bytes. Throws ConfigError where one is unknown or wrong.
 */
export async function createServer(
  options: Partial<Settings> = {},
  parts: ServerParts = {},
): Promise<Server> {
  return startServer(configOf(options), parts)
}
