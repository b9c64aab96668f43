import ipaddr from 'ipaddr.js'
import { isName } from '../core/names.ts'
import type { TextFormat } from './setting.ts'

/** Says what a text should have been, or nothing if it is right. */
type Check = (text: string) => string | undefined

/** Leaves room for the name behind it. */
const maxNamePart = 100

/** How each format is checked. Answers complete the sentence "must be …". */
export const formatChecks: Readonly<Record<TextFormat, Check>> = {
  host: (text) => (isHost(text) ? undefined : 'a host name or an IP address'),
  'host-and-port': (text) =>
    isHostAndPort(text) ? undefined : 'a host name or an IP address, with :PORT if need be',
  'http-url': (text) =>
    isPlainHttpUrl(text)
      ? undefined
      : 'a URL as http://localhost:3000/hookbox, without user, password and #fragment',
  'app-url': (text) =>
    isPlainHttpUrl(text) && !text.includes('?')
      ? undefined
      : 'a URL as http://localhost:3000/hookbox, without user, password, ?query and #fragment',
  origin: (text) =>
    isOrigin(text) ? undefined : 'an origin as https://chat.example.com, without a path',
  'url-path': (text) => (isPath(text) ? undefined : 'empty, or a path that begins with /'),
  'hook-path': (text) =>
    text !== '' && isUrlText(text) ? undefined : 'a path, not empty, without spaces and #fragment',
  'address-range': (text) =>
    isAddressRange(text) ? undefined : 'an IP address or a range as 10.0.0.0/8',
  'cookie-name': (text) =>
    /^[\w!#$%&'*+.^`|~-]+$/.test(text) ? undefined : 'the name of a cookie',
  'signing-secret': (text) =>
    isSigningSecret(text) ? undefined : 'whsec_ and 24 to 64 bytes in base64',
  store: (text) =>
    text === 'memory' || /^level:./.test(text) ? undefined : 'level:FOLDER or memory',
  'header-value': (text) =>
    /^[\x21-\x7e]+$/.test(text) ? undefined : 'printable ASCII without spaces',
  'name-part': (text) =>
    text.length <= maxNamePart && isName(text)
      ? undefined
      : `at most ${maxNamePart} characters, none of them a control character`,
  'room-glob': (text) =>
    text.length <= 200 && /^[\w.:*?-]+$/.test(text)
      ? undefined
      : 'a name as room_*, of letters, digits, . : _ - and the wildcards * and ?',
}

/** IPv6 with or without brackets, IPv4, or a DNS name. */
function isHost(text: string): boolean {
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text
  if (ipaddr.IPv6.isValid(bare)) return true
  // Label by label: one pattern for all of them can take exponential time.
  return text === bare && text.length <= 253 && text.split('.').every(isLabel)
}

function isLabel(text: string): boolean {
  return /^[a-z\d_]([a-z\d_-]{0,61}[a-z\d_])?$/i.test(text)
}

function isHostAndPort(text: string): boolean {
  if (isHost(text)) return true
  const match = /^(.*):(\d{1,5})$/.exec(text)
  if (!match) return false
  const [, host = '', port = ''] = match
  return (!host.includes(':') || host.startsWith('[')) && isHost(host) && Number(port) <= 65_535
}

function parseHttpUrl(text: string): URL | undefined {
  const url = URL.parse(text)
  const isHttp = url?.protocol === 'http:' || url?.protocol === 'https:'
  if (!(url && isHttp) || /[\s\\]/.test(text)) return
  return url.username || url.password || text.includes('#') ? undefined : url
}

function isPlainHttpUrl(text: string): boolean {
  return parseHttpUrl(text) !== undefined
}

function isOrigin(text: string): boolean {
  const url = parseHttpUrl(text)
  return url !== undefined && url.pathname === '/' && url.search === ''
}

function isPath(text: string): boolean {
  return text === '' || (text.startsWith('/') && !text.includes('?') && isUrlText(text))
}

function isUrlText(text: string): boolean {
  return /^[^\s\\#\p{Cc}]*$/u.test(text)
}

function isAddressRange(text: string): boolean {
  return ipaddr.isValid(text) ? /[.:]/.test(text) : ipaddr.isValidCIDR(text)
}

function isSigningSecret(text: string): boolean {
  const match = /^whsec_([A-Za-z\d+/]+={0,2})$/.exec(text)
  const bytes = Math.floor(((match?.[1]?.replaceAll('=', '').length ?? 0) * 3) / 4)
  return bytes >= 24 && bytes <= 64
}
