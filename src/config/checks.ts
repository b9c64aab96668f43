import { isExposed, isLoopback } from './app-url.ts'
import { findTalkNotices, findTalkProblems } from './checks-talk.ts'
import type { Config } from './config.ts'
import type { Problem } from './problem.ts'
import type { SettingKey } from './schema.ts'

/** What Offhook was started to do. */
export type Mode = 'serve' | 'dev' | 'hook'

/** For what a configuration is checked. */
export interface CheckedFor {
  readonly mode: Mode
  /** What somebody set, in whatever way. */
  readonly given: ReadonlySet<SettingKey>
}

/** Mistakes that only show when settings are seen together. */
export function findProblems(config: Config, { mode, given }: CheckedFor): readonly Problem[] {
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
  if (mode === 'serve') problems.push(...findTalkProblems(config, given))
  return problems
}

/** What is allowed, but worth a line at start (spec/safety.md §6). */
export function findNotices(config: Config, { mode, given }: CheckedFor): readonly string[] {
  if (mode !== 'serve') return []
  const notices = [...secretNotices(config)]
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
  return [...notices, ...findTalkNotices(config, given)]
}

/** The app must be able to tell whose requests it gets. Pushes are signed only: they are no forms. */
function* secretNotices({ hookSecret, signingSecret, talkPushUrl }: Config): Iterable<string> {
  if (signingSecret.length > 0) return
  const others = 'of Offhook from requests of others'
  const hooks = talkPushUrl === '' ? 'hooks' : 'hooks and pushes'
  if (hookSecret === '')
    yield `neither --hook-secret nor --signing-secret is set: the app cannot tell ${hooks} ${others}`
  else if (talkPushUrl !== '')
    yield `--signing-secret is not set, and --hook-secret goes with hooks only: the app cannot tell pushes ${others}`
}
