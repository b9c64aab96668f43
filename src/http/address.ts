import ipaddr from 'ipaddr.js'
import type { Clock, Telemetry } from '../core/ports.ts'

/** What the client's address is read from; an `IncomingMessage` is one. */
interface AddressedRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly socket: { readonly remoteAddress?: string | undefined }
}

/** Who sent a request (spec/safety.md §5). The only place that reads forwarding headers. */
export interface Addresses {
  /** The client's address in its plain form: `::ffff:1.2.3.4` is `1.2.3.4`. */
  clientOf(request: AddressedRequest): string
  /** As the browser saw it: what a trusted proxy says, else `http`, for the listener itself has no TLS. */
  schemeOf(request: AddressedRequest): 'http' | 'https'
  /** Whether this peer is a proxy named by --trust-proxy. */
  isProxy(peer: string): boolean
}

type Range = ReturnType<typeof ipaddr.parseCIDR>

const noticeIntervalMs = 3_600_000

/** `trustProxy`: addresses and CIDR ranges; throws a TypeError that names the one that is neither. */
export function createAddresses(
  trustProxy: readonly string[],
  parts: { readonly clock: Clock; readonly telemetry: Telemetry },
): Addresses {
  const ranges = trustProxy.map(parseRange)
  let noticeDue = Number.NEGATIVE_INFINITY

  function isProxy(peer: string): boolean {
    if (!ipaddr.isValid(peer)) return false
    const parsed = ipaddr.process(peer)
    return ranges.some(([base, bits]) => base.kind() === parsed.kind() && parsed.match(base, bits))
  }

  function noticeUntrusted(peer: string): void {
    const now = parts.clock.now()
    if (now < noticeDue) return
    noticeDue = now + noticeIntervalMs
    parts.telemetry.event('untrusted_forwarded_for', {
      peer,
      hint: `X-Forwarded-For is ignored; if ${peer} is your proxy, add --trust-proxy ${peer}`,
    })
  }

  function clientOf(request: AddressedRequest): string {
    const peer = peerOf(request)
    const forwarded = headerText(request, 'x-forwarded-for')
    if (forwarded === '') return peer
    if (isProxy(peer)) return lastUntrusted(forwarded, isProxy) ?? peer
    noticeUntrusted(peer)
    return peer
  }

  function schemeOf(request: AddressedRequest): 'http' | 'https' {
    const forwarded = headerText(request, 'x-forwarded-proto')
    if (forwarded === '' || !isProxy(peerOf(request))) return 'http'
    return forwarded.split(',').at(-1)?.trim().toLowerCase() === 'https' ? 'https' : 'http'
  }

  return { clientOf, schemeOf, isProxy }
}

/** What limits per address count by: an IPv4 address, or the /64 of an IPv6 one. */
export function addressKey(address: string): string {
  if (!address.includes(':') || !ipaddr.isValid(address)) return address
  const parsed = ipaddr.process(address)
  if (parsed.kind() === 'ipv4') return parsed.toString()
  return (parsed as ipaddr.IPv6).parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(':')
}

function peerOf(request: AddressedRequest): string {
  return plain(request.socket.remoteAddress ?? '') ?? ''
}

function headerText(request: AddressedRequest, name: string): string {
  const value = request.headers[name]
  return typeof value === 'string' ? value : (value?.join(',') ?? '')
}

/**
 * The entry that the outermost trusted proxy wrote. What stands before it came from the client and proves nothing, so
 * an entry that is no address ends the search instead of being skipped.
 */
function lastUntrusted(
  forwarded: string,
  isProxy: (address: string) => boolean,
): string | undefined {
  const entries = forwarded.split(',')
  for (let i = entries.length - 1; i >= 0; i -= 1) {
    const address = plain(withoutPort((entries[i] ?? '').trim()))
    if (address === undefined) return undefined
    if (!isProxy(address)) return address
  }
  return undefined
}

/** Some proxies write `1.2.3.4:5678` or `[::1]:5678`. */
function withoutPort(entry: string): string {
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(entry)?.[1]
  return bracketed ?? /^([\d.]+):\d+$/.exec(entry)?.[1] ?? entry
}

function plain(address: string): string | undefined {
  const withoutZone = address.split('%', 1)[0] ?? ''
  const isWhole = withoutZone.includes(':') || ipaddr.IPv4.isValidFourPartDecimal(withoutZone)
  if (!isWhole || !ipaddr.isValid(withoutZone)) return undefined
  return ipaddr.process(withoutZone).toString()
}

function parseRange(entry: string): Range {
  try {
    if (entry.includes('/')) return ipaddr.parseCIDR(entry)
    const address = ipaddr.process(entry)
    return [address, address.kind() === 'ipv4' ? 32 : 128]
  } catch (error) {
    throw new TypeError(`Not an address or CIDR range: ${entry}`, { cause: error })
  }
}
