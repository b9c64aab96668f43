import type { GateName } from '../core/ports.ts'
import { isLoopbackHost, writeHost } from './host.ts'
import type { HookSettings } from './settings.ts'

/** Everything the app is told or asked by hook. */
export type HookName = GateName | 'disconnect'

/** The setting that holds each hook's path. */
export const hookPaths = {
  connect: 'cbConnect',
  disconnect: 'cbDisconnect',
  create_channel: 'cbCreateChannel',
  destroy_channel: 'cbDestroyChannel',
  subscribe: 'cbSubscribe',
  unsubscribe: 'cbUnsubscribe',
  publish: 'cbPublish',
  message: 'cbMessage',
} as const satisfies Record<HookName, keyof HookSettings>

const known = new WeakMap<HookSettings, Map<HookName, URL>>()

/**
 * Where a hook goes; one URL per settings and hook, which must not be changed: building it costs more than the form of a
 * hook. Throws TypeError where the settings make no URL.
 */
export function hookUrl(settings: HookSettings, hook: HookName): URL {
  let urls = known.get(settings)
  if (urls === undefined) {
    urls = new Map()
    known.set(settings, urls)
  }
  let url = urls.get(hook)
  if (url === undefined) {
    url = buildHookUrl(settings, hook)
    urls.set(hook, url)
  }
  return url
}

/**
 * Where a hook goes (spec/hookbox.md §5, §9). Built with setters, so that no path or host can reach another host
 * (spec/safety.md §7).
 */
function buildHookUrl(settings: HookSettings, hook: HookName): URL {
  const url = settings.cbSingleUrl
    ? new URL(settings.cbSingleUrl)
    : pathUrl(settings, settings[hookPaths[hook]])
  url.hash = ''
  if (settings.cbTrailingSlash && !url.pathname.endsWith('/')) url.pathname = `${url.pathname}/`
  return url
}

/** Whether the certificate of the app must be right. */
export function verifiesCertificate(settings: { cbInsecure: boolean }, host: string): boolean {
  return !(settings.cbInsecure || isLoopbackHost(host))
}

function pathUrl(settings: HookSettings, hookPath: string): URL {
  const url = new URL(settings.cbHttps ? 'https://localhost' : 'http://localhost')
  url.hostname = 'host.invalid'
  url.hostname = writeHost(settings.cbHost)
  // A setter ignores what it cannot take: hooks with their cookies must not go to whatever stood there before.
  // It also stops at a slash, question mark or number sign.
  if (url.hostname === 'host.invalid' || /[/\\?#]/.test(settings.cbHost))
    throw new TypeError(`not a host: ${settings.cbHost}`)
  url.port = String(settings.cbPort)
  const [path, query] = splitQuery(
    `${withoutEndSlash(settings.cbPath)}/${hookPath.replace(/^\/+/, '')}`,
  )
  url.pathname = path
  url.search = query
  return url
}

function withoutEndSlash(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : path
}

function splitQuery(text: string): [path: string, query: string] {
  const mark = text.indexOf('?')
  return mark < 0 ? [text, ''] : [text.slice(0, mark), text.slice(mark)]
}
