import type { Config } from '../config/config.ts'
import { createDevApp } from '../hooks/dev-app.ts'
import { createServer, type Server } from '../server.ts'
import { exitCodes } from './exit-codes.ts'
import { printError, printLine } from './print.ts'
import { endSignal } from './signals.ts'
import { startFailure } from './start-failure.ts'
import { appLine, startLines } from './start-lines.ts'
import { limitYoungGeneration } from './young-generation.ts'

/** With `app: 'none'` Offhook answers all gates itself. */
interface ServeOptions {
  readonly app: 'http' | 'none'
  readonly notices: readonly string[]
}

/** Runs the server until a signal ends it. Answers the exit code. */
export async function serve(config: Config, options: ServeOptions): Promise<number> {
  const ended = endSignal()
  let server: Server | undefined
  limitYoungGeneration(() => server?.connections ?? 0)
  try {
    server = await createServer(config, options.app === 'none' ? { app: createDevApp() } : {})
  } catch (error) {
    printError(startFailure(error, config))
    return exitCodes.failure
  }
  for (const line of startLines(config, server)) printLine(line)
  for (const notice of [...options.notices, ...server.notices]) printLine(`Notice: ${notice}`)
  const told = options.app === 'none' ? Promise.resolve(devLine) : appLine(config)
  // A signal need not wait for the app to be found missing.
  const signal = await Promise.race([told.then(printLine).then(() => ended), ended])
  printLine(
    `${signal}: finishing what is under way, at most ${config.drainTimeoutMs / 1000} s; once more ends at once`,
  )
  return await stop(server)
}

const devLine = 'App: none; everybody may do everything (offhook dev)'

async function stop(server: Server): Promise<number> {
  try {
    await server.close()
    return exitCodes.ok
  } catch (error) {
    printError(`stopping failed: ${error instanceof Error ? error.message : String(error)}`)
    return exitCodes.failure
  }
}
