import { isIP } from 'node:net'
import type { Settings } from './schema.ts'

type AppUrlParts = Pick<Settings, 'cbHttps' | 'cbHost' | 'cbPort' | 'cbPath'>

/** The four settings that `--app-url` stands for. */
export function appUrlParts(appUrl: string): AppUrlParts {
  const url = new URL(appUrl)
  const cbHttps = url.protocol === 'https:'
  return {
    cbHttps,
    cbHost: url.hostname,
    cbPort: url.port === '' ? (cbHttps ? 443 : 80) : Number(url.port),
    cbPath: url.pathname.replace(/\/+$/, ''),
  }
}

/** The one URL of those four. */
export function appUrlOf(parts: AppUrlParts): string {
  const url = new URL(`${parts.cbHttps ? 'https' : 'http'}://${bracket(parts.cbHost)}`)
  url.port = String(parts.cbPort)
  url.pathname = parts.cbPath
  return parts.cbPath === '' ? url.origin : url.href
}

/** Whether a host can only be this machine. */
export function isLoopback(host: string): boolean {
  const bare = unbracket(host).toLowerCase()
  return bare === 'localhost' || bare === '::1' || (isIP(bare) === 4 && bare.startsWith('127.'))
}

/** Whether what goes to a URL can be read on the way; '' is none. */
export function isExposed(url: string): boolean {
  if (url === '') return false
  const { protocol, hostname } = new URL(url)
  return protocol === 'http:' && !isLoopback(hostname)
}

/** IPv6 addresses need brackets in a URL … */
export function bracket(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host
}

/** … and none to listen on. */
export function unbracket(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1')
}
