import ipaddr from 'ipaddr.js'
import { bareHost } from './host.ts'

/** The part of IPv6 that is handed out to the public; everything else is somebody's own. */
const globalUnicast: [ipaddr.IPv6, number] = [ipaddr.IPv6.parse('2000::'), 3]

/**
 * Whether polling may go to an IP address without being told so (spec/safety.md §7): public ones only. An IPv4 address
 * inside an IPv6 one (mapped, or 64:ff9b::/96) counts as itself; tunnels (6to4, Teredo) are never public.
 */
export function isPublicAddress(text: string): boolean {
  const address = parse(text)
  if (address === undefined) return false
  if (address instanceof ipaddr.IPv4) return address.range() === 'unicast'
  if (address.isIPv4MappedAddress()) return isPublicAddress(address.toIPv4Address().toString())
  if (address.range() === 'rfc6052') return isPublicAddress(lastFourBytes(address))
  return address.range() === 'unicast' && address.match(globalUnicast)
}

/** Whether a host is an IP address as it stands in a URL. */
export function isAddress(host: string): boolean {
  return parse(host) !== undefined
}

function parse(text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  const bare = bareHost(text)
  if (ipaddr.IPv4.isValidFourPartDecimal(bare)) return ipaddr.IPv4.parse(bare)
  return ipaddr.IPv6.isValid(bare) ? ipaddr.IPv6.parse(bare) : undefined
}

function lastFourBytes(address: ipaddr.IPv6): string {
  return address.toByteArray().slice(12).join('.')
}

/** Hosts that polling may fetch though their addresses are not public. */
export interface AllowedHosts {
  /** `port` as a number, also where it is the scheme's own. */
  has(host: string, port: number): boolean
}

/** `anyPort` are hosts; `listed` are `HOST` (any port) or `HOST:PORT`. */
export function allowedHosts(anyPort: readonly string[], listed: readonly string[]): AllowedHosts {
  const names = new Set(anyPort.map(canonicalHost))
  for (const entry of listed) names.add(canonicalEntry(entry))
  return {
    has: (host, port) =>
      names.has(canonicalHost(host)) || names.has(`${canonicalHost(host)} ${port}`),
  }
}

function canonicalEntry(entry: string): string {
  const match = /^(\[.*\]|[^:]*):(\d+)$/.exec(entry)
  if (!match) return canonicalHost(entry)
  return `${canonicalHost(match[1] ?? '')} ${Number(match[2])}`
}

/** One spelling per host: `LOCALHOST.` is localhost, `[0:0:0:0:0:0:0:1]` is ::1. */
function canonicalHost(host: string): string {
  return parse(host)?.toString() ?? bareHost(host)
}
