/** Whether a host (name, address, IPv6 with or without brackets) is this machine's own loopback. */
export function isLoopbackHost(host: string): boolean {
  const name = bareHost(host)
  return (
    name === 'localhost' ||
    name.endsWith('.localhost') ||
    name === '::1' ||
    /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(name)
  )
}

/** Lower case, without brackets and final dot: how hosts are compared. */
export function bareHost(host: string): string {
  const inner = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host
  return inner.toLowerCase().replace(/\.$/, '')
}

/** As it stands in a URL: IPv6 in brackets. */
export function writeHost(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host
}
