import { isIP } from 'node:net'
import { isLoopback, unbracket } from './app-url.ts'
import type { Config } from './config.ts'
import type { Settings } from './schema.ts'

/** What `set_config` may change at run time (spec/hookbox.md §6), by REST's name for it. */
const changeable = new Map<string, { key: keyof Settings; secret?: true }>([
  ['cbhost', { key: 'cbHost' }],
  ['cbport', { key: 'cbPort' }],
  ['cbpath', { key: 'cbPath' }],
  ['cb_connect', { key: 'cbConnect' }],
  ['cb_disconnect', { key: 'cbDisconnect' }],
  ['cb_create_channel', { key: 'cbCreateChannel' }],
  ['cb_destroy_channel', { key: 'cbDestroyChannel' }],
  ['cb_subscribe', { key: 'cbSubscribe' }],
  ['cb_unsubscribe', { key: 'cbUnsubscribe' }],
  ['cb_publish', { key: 'cbPublish' }],
  ['cb_message', { key: 'cbMessage' }],
  ['cb_single_url', { key: 'cbSingleUrl' }],
  ['webhook_secret', { key: 'hookSecret', secret: true }],
  ['api_security_token', { key: 'apiToken', secret: true }],
  ['admin_password', { key: 'adminPassword', secret: true }],
])

/** Checked changes by the schema's keys. */
export type ConfigChanges = Partial<Settings>

/** Why a change may not be made; its message never holds the value. */
export class ForbiddenChange extends Error {
  override readonly name = 'ForbiddenChange'
}

/**
 * Checks a whole `set_config` by the rules of spec/safety.md §7 against the configuration of the start. One bad value
 * throws ForbiddenChange.
 */
export function checkChanges(
  config: Config,
  changes: Readonly<Record<string, unknown>>,
  method: 'GET' | 'POST',
): ConfigChanges {
  if (!config.setConfig) throw new ForbiddenChange('set_config is off (--set-config)')
  const checked: [string, string | number][] = []
  for (const name of Object.keys(changes)) {
    const entry = changeable.get(name)
    if (entry === undefined) throw new ForbiddenChange(`Unknown option ${name}`)
    if (entry.secret && method === 'GET') {
      throw new ForbiddenChange(`Option ${name} is a secret: send it by POST`)
    }
    checked.push([entry.key, checkValue(config, name, changes[name])])
  }
  return Object.fromEntries(checked) as ConfigChanges
}

function checkValue(config: Config, name: string, value: unknown): string | number {
  if (name === 'cbport') return checkPort(value)
  const text = typeof value === 'number' && Number.isInteger(value) ? String(value) : value
  if (typeof text !== 'string' || text === '') throw invalid(name, 'must be text, and not empty')
  if (name === 'cbhost') return checkHost(config, name, text)
  if (name === 'cb_single_url') return checkUrl(config, name, text)
  if (name === 'cbpath' && !text.startsWith('/')) throw invalid(name, 'must begin with /')
  if (!/^[\u0021-\u007e]+$/.test(text) && name.startsWith('cb')) {
    throw invalid(name, 'must be printable ASCII without blanks')
  }
  return text
}

function checkPort(value: unknown): number {
  const port = typeof value === 'string' && /^\d{1,5}$/.test(value) ? Number(value) : value
  if (typeof port !== 'number' || !Number.isInteger(port) || port < 1 || port > 65_535) {
    throw invalid('cbport', 'must be a port, 1 to 65535')
  }
  return port
}

/** A bare host that the start configuration named, or this computer. */
function checkHost(config: Config, name: string, host: string): string {
  const bare = unbracket(host)
  const parsed = URL.parse(`http://${isIP(bare) === 6 ? `[${bare}]` : bare}/`)
  const isBare = parsed !== null && unbracket(parsed.hostname) === bare.toLowerCase()
  if (!isBare || parsed.username !== '' || parsed.port !== '' || parsed.pathname !== '/') {
    throw invalid(name, 'must be a bare host')
  }
  const known = new Set([
    ...config.hookOrigins.map((origin) => unbracket(new URL(origin).hostname)),
    ...config.allowHookHost.map((item) => unbracket(item)),
  ])
  if (!known.has(bare.toLowerCase()) && !isLoopback(bare)) {
    throw invalid(name, 'is a new host: add it to --allow-hook-host')
  }
  return parsed.hostname
}

function checkUrl(config: Config, name: string, text: string): string {
  const url = URL.parse(text)
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw invalid(name, 'must be an http or https URL')
  }
  if (url.username !== '' || url.password !== '') throw invalid(name, 'must not hold a user')
  checkHost(config, name, unbracket(url.hostname))
  return url.href
}

function invalid(name: string, problem: string): ForbiddenChange {
  return new ForbiddenChange(`Invalid value for option ${name}: ${problem}`)
}
