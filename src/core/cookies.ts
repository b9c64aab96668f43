import { Refusal } from './errors.ts'
import { utf8Length } from './json.ts'

const maxCookies = 64
const maxCookieBytes = 8192

/** Header text: no control characters, Latin-1 at most. */
const forbidden = /[^\t\u0020-\u007e\u0080-\u00ff]/

/**
 * The cookies of a connection: `cookie_string` plus those of the request's own header whose names it lacks (the
 * HttpOnly ones); with `only`, the first of that name (spec/safety.md §1). Throws Refusal `invalid_cookies`.
 */
export function mergeCookies(
  given: string,
  own: { readonly header: string | undefined; readonly only: string },
): string {
  if (forbidden.test(given)) throw new Refusal('invalid_cookies')
  const cookies = parsePairs(given)
  const names = new Set(cookies.map(nameOf))
  for (const cookie of parsePairs(own.header ?? '')) {
    if (!names.has(nameOf(cookie)) && !forbidden.test(cookie)) cookies.push(cookie)
  }
  const kept =
    own.only === '' ? cookies : cookies.filter((item) => nameOf(item) === own.only).slice(0, 1)
  const header = kept.join('; ')
  if (cookies.length > maxCookies || utf8Length(header) > maxCookieBytes) {
    throw new Refusal('invalid_cookies', 'Too many cookies')
  }
  return header
}

function parsePairs(text: string): string[] {
  return text
    .split(';')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

function nameOf(cookie: string): string {
  const equals = cookie.indexOf('=')
  return equals === -1 ? cookie : cookie.slice(0, equals).trim()
}
