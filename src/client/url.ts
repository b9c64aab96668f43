/**
 * The address under which the transports stand, from what a page gave to `hookbox.connect`: without query, without
 * trailing slash, without the `/csp` of older pages. Relative to the page. Throws a TypeError if it is no URL.
 */
export function baseOf(url: string): string {
  const page = typeof location === 'undefined' ? undefined : location.href
  const whole = new URL(url, page)
  whole.search = ''
  whole.hash = ''
  whole.protocol = whole.protocol.replace(/^ws/, 'http')
  return whole.href.replace(/\/+$/, '').replace(/\/csp$/, '')
}
