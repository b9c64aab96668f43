import type { Config } from '../config/config.ts'

/** Why the server did not start, in one line, with the option that changes it where there is one. */
export function startFailure(error: unknown, config: Config): string {
  const { code, message, port } = describe(error)
  const isWebApi = port !== undefined && port === config.webApiPort
  const flag = isWebApi ? 'web-api-port' : 'port'
  const address = isWebApi ? config.webApiInterface : config.interface
  switch (code) {
    case 'EADDRINUSE':
      return `port ${port ?? config.port} is in use; --${flag} takes another one`
    case 'EACCES':
      return port === undefined
        ? message
        : `port ${port} may not be listened on; --${flag} takes another one`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `${address} is no address of this machine; --${isWebApi ? 'web-api-interface' : 'interface'} takes another one`
    default:
      return message
  }
}

function describe(error: unknown): { code?: string; message: string; port?: number } {
  if (!(error instanceof Error)) return { message: String(error) }
  const { code, port } = error as NodeJS.ErrnoException & { port?: number }
  return {
    message: oneLine(error),
    ...(code === undefined ? {} : { code }),
    ...(port === undefined ? {} : { port }),
  }
}

/** With the reasons behind it: a wrapped failure often says only which step it was. */
function oneLine(error: Error): string {
  const cause = error.cause instanceof Error ? error.cause.message : ''
  const text =
    cause && !error.message.includes(cause) ? `${error.message}: ${cause}` : error.message
  return text.replaceAll(/\s*\n\s*/g, ' ')
}
