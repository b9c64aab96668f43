import type { HttpSettings } from './settings.ts'

/** Through which door a request comes: what counts differs (spec/safety.md §1). */
export type OriginDoor = 'websocket' | 'csp-handshake' | 'csp' | 'static'

/** What is judged; `headers` as Node parses them. */
export interface OriginRequest {
  readonly door: OriginDoor
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** As the browser saw it. */
  readonly scheme: 'http' | 'https'
}

/** What a request's origin allows. */
export interface OriginVerdict {
  /** False: the page may not connect (--allow-origin). */
  readonly allowed: boolean
  /** Whether the request's own Cookie header counts. */
  readonly cookiesCount: boolean
  /** CORS answer headers for /csp and /static. */
  readonly cors: Readonly<Record<string, string>>
}

type Standing = 'none' | 'own' | 'listed' | 'foreign'

/** The one function for WebSocket, CSP and CORS. Throws a TypeError for a setting that is no origin. */
export function createOriginJudge(
  settings: Pick<HttpSettings, 'allowOrigin' | 'ownOrigin' | 'publicUrl' | 'hookOrigins'>,
): (request: OriginRequest) => OriginVerdict {
  const own = new Set(
    [...settings.ownOrigin, ...settings.publicUrl, ...settings.hookOrigins].map(settingOrigin),
  )
  const listed = new Set(settings.allowOrigin.map(settingOrigin))
  const hostCounts = settings.publicUrl.length === 0

  function standingOf(request: OriginRequest, origin: string): Standing {
    const compared = comparableOrigin(origin)
    if (compared === undefined) return 'foreign'
    if (own.has(compared)) return 'own'
    const isListed = listed.has(compared)
    // A rebound DNS name makes any page "own" by its Host: that must not open a narrowed list.
    const mayBeHost = hostCounts && (isListed || listed.size === 0)
    if (mayBeHost && compared === hostOrigin(request)) return 'own'
    return isListed ? 'listed' : 'foreign'
  }

  return (request) => {
    const origin = header(request, 'origin') ?? header(request, 'sec-websocket-origin')
    const standing = origin === undefined ? 'none' : standingOf(request, origin)
    const allowed = standing !== 'foreign' || listed.size === 0
    return {
      allowed,
      cookiesCount: allowed && cookiesCount(request, standing),
      cors: corsHeaders(allowed, standing === 'own' ? origin : undefined),
    }
  }
}

/** No Origin on an upgrade: not a page (browsers always send one there). CSP needs the browser's own word. */
function cookiesCount(request: OriginRequest, standing: Standing): boolean {
  if (request.door === 'websocket') return standing === 'own' || standing === 'none'
  if (request.door !== 'csp-handshake' || !isFetched(request)) return false
  if (standing === 'own') return true
  return standing === 'none' && header(request, 'sec-fetch-site') === 'same-origin'
}

/** Not a script, an image, a form or a page: those are sent with cookies by whoever names the URL. */
function isFetched(request: OriginRequest): boolean {
  const mode = header(request, 'sec-fetch-mode') ?? 'cors'
  const destination = header(request, 'sec-fetch-dest') ?? 'empty'
  return destination === 'empty' && (mode === 'cors' || mode === 'same-origin')
}

function corsHeaders(allowed: boolean, own: string | undefined): Record<string, string> {
  if (!allowed) return { Vary: 'Origin' }
  if (own === undefined) return { Vary: 'Origin', 'Access-Control-Allow-Origin': '*' }
  return {
    Vary: 'Origin',
    'Access-Control-Allow-Origin': own,
    'Access-Control-Allow-Credentials': 'true',
  }
}

function header(request: OriginRequest, name: string): string | undefined {
  const value = request.headers[name]
  return typeof value === 'string' ? value : undefined
}

/** Scheme, host and port for comparison; undefined for `null` and whatever is no web origin. */
function comparableOrigin(text: string): string | undefined {
  if (!/^https?:\/\/[^\s/?#@\\]+$/i.test(text) || !URL.canParse(text)) return undefined
  return comparable(new URL(text))
}

function comparable(url: URL): string {
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port
  return `${url.protocol}//${isLoopbackName(url.hostname) ? 'localhost' : url.hostname}:${port}`
}

/** `localhost`, `127.0.0.1` and `[::1]` are one host. */
function isLoopbackName(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]'
}

function hostOrigin(request: OriginRequest): string | undefined {
  const host = header(request, 'host')
  return host === undefined ? undefined : comparableOrigin(`${request.scheme}://${host}`)
}

function settingOrigin(text: string): string {
  const isWeb = URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)
  if (!isWeb) throw new TypeError(`Not an origin: ${text}`)
  return comparable(new URL(text))
}
