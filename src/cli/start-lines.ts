import type { Config } from '../config/config.ts'
import { configOf } from '../config/config-of.ts'
import { probeApp } from '../hooks/probe.ts'
import type { Server } from '../server.ts'

/** One line each on what is up, where, and what is off. */
export function startLines(config: Config, server: Server): readonly string[] {
  return [
    `Listening on ${server.url}${listensEverywhere(config) ? ' and all other addresses of this machine' : ''}`,
    `Store: ${config.store}${config.store === 'memory' ? ' (nothing lasts longer than this process)' : ''}`,
    restLine(config, server),
    talkLine(config),
    consoleLine(config),
  ]
}

/** Opens one link to the app, and says whether it is there and what follows if not. Never rejects. */
export async function appLine(config: Config): Promise<string> {
  const url = printable(config.cbSingleUrl || config.appUrl)
  const probe = await probeApp(config)
  if (probe.reachable) return `App: ${url} (reachable)`
  // Whoever came for talk alone never said where hooks go.
  if (
    config.talkProfileUrl !== '' &&
    config.appUrl === defaultAppUrl &&
    config.cbSingleUrl === ''
  ) {
    return `App: no hooks at ${url}, so Hookbox clients are refused (--app-url says where the app is)`
  }
  return `App: ${url} is not reachable (${probe.reason}): until it is, everything that needs a hook is refused. ${probe.hint}`
}

const defaultAppUrl = configOf({}).appUrl

function listensEverywhere(config: Config): boolean {
  return config.interface === '0.0.0.0' || config.interface === '::'
}

/** Without userinfo and query: they may hold secrets (spec/safety.md §6). */
function printable(text: string): string {
  const url = new URL(text)
  return `${url.origin}${url.pathname}`
}

function restLine(config: Config, server: Server): string {
  if (config.apiToken === '') return 'REST: off (--api-token turns it on)'
  const { webApi } = server
  return webApi ? `REST: on, port ${webApi.port}` : 'REST: on'
}

function talkLine({ talkProfileUrl, talkPushUrl }: Config): string {
  const pushes = talkPushUrl === '' ? '' : `, pushes to ${printable(talkPushUrl)}`
  return talkProfileUrl === ''
    ? `Talk: off (--talk-profile-url turns it on)${pushes}`
    : `Talk: on, profiles from ${printable(talkProfileUrl)}${pushes}`
}

function consoleLine(config: Config): string {
  return config.adminPassword === ''
    ? 'Console: off'
    : 'Console: off (this version has none yet; --admin-password has no effect)'
}
