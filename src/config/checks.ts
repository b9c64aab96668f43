import { isLoopback } from './app-url.ts'
import type { Config } from './config.ts'
import type { SettingKey } from './schema.ts'

/** What Offhook was started to do. */
export type Mode = 'serve' | 'dev' | 'hook'

/** A mistake, and the settings that make it together. */
interface Problem {
  readonly keys: readonly SettingKey[]
  readonly text: string
}

/** Mistakes that only show when settings are seen together. */
export function findProblems(config: Config, mode: Mode): readonly Problem[] {
  const problems: Problem[] = []
  const { port, webApiPort } = config
  if (port !== 0 && port === webApiPort && config.interface === config.webApiInterface) {
    problems.push({
      keys: ['port', 'webApiPort', 'interface', 'webApiInterface'],
      text: `--port and --web-api-port are both ${port}`,
    })
  }
  if (mode === 'dev' && !isLoopback(config.interface)) {
    problems.push({
      keys: ['interface'],
      text: 'offhook dev lets everybody in, so it listens on loopback only: --interface must be 127.0.0.1, ::1 or localhost',
    })
  }
  return problems
}

/** What is allowed, but worth a line at start (spec/safety.md §6). */
export function findNotices(config: Config, mode: Mode): readonly string[] {
  if (mode !== 'serve') return []
  const notices: string[] = []
  if (config.hookSecret === '' && config.signingSecret.length === 0) {
    notices.push(
      'neither --hook-secret nor --signing-secret is set: the app cannot tell hooks of Offhook from requests of others',
    )
  }
  const exposed = config.hookOrigins.filter(isExposed)
  if (exposed.length > 0) {
    notices.push(
      `hooks to ${exposed.join(', ')} go over plain http: cookies and secrets can be read on the way`,
    )
  }
  if (config.cbHttps && config.cbPort === 80) {
    notices.push(
      '--cbhttps leaves the port at 80, as in Hookbox; --cbport 443 is most likely meant',
    )
  }
  return notices
}

function isExposed(origin: string): boolean {
  const { protocol, hostname } = new URL(origin)
  return protocol === 'http:' && !isLoopback(hostname)
}
