import dns from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { Agent, buildConnector } from 'undici'
import { Failure } from '../core/errors.ts'
import type { Web, WebAnswer, WebRequest } from '../core/ports.ts'
import { ExchangeFailure, exchange } from './exchange.ts'
import { errorCode } from './hook-failure.ts'
import { verifiesCertificate } from './hook-url.ts'
import { bareHost } from './host.ts'
import type { WebSettings } from './settings.ts'
import { type AllowedHosts, allowedHosts, isAddress, isPublicAddress } from './web-address.ts'

/** A URL that polling may not fetch. The message completes the sentence "the URL …". */
class ForbiddenUrl extends Error {
  override readonly name = 'ForbiddenUrl'
}

/** Polling's way out. */
export interface HttpWeb extends Web {
  close(): Promise<void>
}

/** `lookup` stands in for the system's name lookup. */
export interface WebParts {
  readonly lookup?: LookupFunction
}

/** Fetches for polling under the rules of spec/safety.md §7. */
export function createWeb(settings: WebSettings, parts: WebParts = {}): HttpWeb {
  const allowed = allowedHosts(settings.hookHosts, settings.allowPollingHost)
  const lookup = parts.lookup ?? dns.lookup
  const agent = new Agent({ connect: guardedConnector({ settings, allowed, lookup }) })
  return {
    async check(text) {
      const url = parsePollingUrl(text, allowed)
      if (isTrusted(allowed, url) || isAddress(url.hostname)) return
      const addresses = await resolve(lookup, url.hostname)
      for (const address of addresses) assertPublic(address)
    },
    async fetch(request) {
      try {
        const url = parsePollingUrl(request.url, allowed)
        const answer = await exchange(agent, {
          ...describe(settings, request),
          url,
          timeoutMs: settings.hookTimeoutMs,
          maxBytes: request.maxBytes,
        })
        return { status: answer.status, body: decode(answer.body) } satisfies WebAnswer
      } catch (error) {
        throw new Failure('polling', failureText(error), { cause: error })
      }
    },
    close: () => agent.close(),
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

function decode(body: Buffer): string {
  try {
    return utf8.decode(body)
  } catch (error) {
    throw new Error('the answer is not UTF-8', { cause: error })
  }
}

function describe(
  settings: WebSettings,
  request: WebRequest,
): { method: 'GET' | 'POST'; headers: string[]; body?: string } {
  const headers = ['accept-encoding', 'identity', 'user-agent', settings.userAgent ?? 'offhook']
  if (request.method === 'GET') return { method: 'GET', headers }
  const form = new URLSearchParams()
  for (const [field, value] of request.form ?? []) form.append(field, value)
  if (settings.hookSecret) form.append('secret', settings.hookSecret)
  headers.push('content-type', 'application/x-www-form-urlencoded')
  return { method: 'POST', headers, body: form.toString() }
}

/** What needs no lookup: scheme, user, literal address. Throws ForbiddenUrl. */
function parsePollingUrl(text: string, allowed: AllowedHosts): URL {
  const url = URL.parse(text)
  if (url === null) throw new ForbiddenUrl('is not a URL')
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new ForbiddenUrl('must begin with http:// or https://')
  if (url.username !== '' || url.password !== '')
    throw new ForbiddenUrl('must not hold a user or password')
  if (!isTrusted(allowed, url) && isAddress(url.hostname)) assertPublic(url.hostname)
  return url
}

function isTrusted(allowed: AllowedHosts, url: URL): boolean {
  return allowed.has(url.hostname, portOf(url.protocol, url.port))
}

function portOf(protocol: string, port: string): number {
  return Number(port) || (protocol === 'https:' ? 443 : 80)
}

function assertPublic(address: string): void {
  if (!isPublicAddress(address))
    throw new ForbiddenUrl(
      'leads to an address that is not public: add its host to --allow-polling-host',
    )
}

/** All addresses of a name; none where it has none now, which is the fetch's to say. */
function resolve(lookup: LookupFunction, host: string): Promise<string[]> {
  return new Promise((done) => {
    lookup(bareHost(host), { all: true }, (error, addresses) => {
      done(error ? [] : addressList(addresses))
    })
  })
}

function addressList(addresses: string | dns.LookupAddress[]): string[] {
  return typeof addresses === 'string' ? [addresses] : addresses.map((one) => one.address)
}

interface Guard {
  readonly settings: WebSettings
  readonly allowed: AllowedHosts
  readonly lookup: LookupFunction
}

/** Makes links only to hosts that are allowed or to public addresses, whatever their names say at that moment. */
function guardedConnector({ settings, allowed, lookup }: Guard): buildConnector.connector {
  const connectors = new Map<string, buildConnector.connector>()
  // `lookup` is an option of the connector, not of the link, so each kind of host has a connector.
  function connector(host: string, guard: 'open' | 'public'): buildConnector.connector {
    const rejectUnauthorized = verifiesCertificate(settings, host)
    const key = `${guard} ${rejectUnauthorized}`
    const known = connectors.get(key)
    if (known) return known
    const made = buildConnector({
      timeout: settings.hookTimeoutMs,
      rejectUnauthorized,
      lookup: guard === 'open' ? lookup : publicLookup(lookup),
    } as buildConnector.BuildOptions)
    connectors.set(key, made)
    return made
  }
  return (options, callback) => {
    const port = portOf(options.protocol, options.port)
    if (allowed.has(options.hostname, port)) {
      connector(options.hostname, 'open')(options, callback)
      return
    }
    connector(options.hostname, 'public')(options, (error, socket) => {
      if (error !== null) callback(error, null)
      else if (isPublicAddress(socket.remoteAddress ?? '')) callback(null, socket)
      else {
        socket.destroy()
        callback(new ForbiddenUrl('leads to an address that is not public'), null)
      }
    })
  }
}

/** A name with even one address that is not public is not fetched at all: which one is taken is up to its owner. */
function publicLookup(lookup: LookupFunction): LookupFunction {
  return (host, options, callback) => {
    lookup(host, options, (error, address, family) => {
      const addresses = error ? [] : addressList(address)
      const isOpen = addresses.every((one) => isIP(one) !== 0 && isPublicAddress(one))
      if (error || isOpen) callback(error, address, family)
      else callback(new ForbiddenUrl('leads to an address that is not public'), '', 0)
    })
  }
}

function failureText(error: unknown): string {
  if (error instanceof ForbiddenUrl) return `the URL ${error.message}`
  if (!(error instanceof ExchangeFailure)) return error instanceof Error ? error.message : 'failed'
  if (error.reason === 'timeout') return 'no answer in time'
  if (error.reason === 'too_large') return 'the answer is too large (--max-frame-bytes)'
  // A host with several addresses fails with a code but no message.
  return errorCode(error.cause) || failureText(error.cause)
}
