/** What is written in place of a secret. */
export const masked = '***'

/** Fields whose value is never printed, whatever it is (spec/safety.md §6). */
const secretFields =
  /(secrets?|password|token|authorization|cookies?|cookie_?string|csp_?key)$|^(session|s)$/i

/** Of these only the length is told: they may hold a login. */
const privateFields = /^(connect_?)?payload$/i

/** Cleans one value before it is written. */
export interface Mask {
  /** A free text: known secrets, queries of URLs and credentials in it are replaced. */
  text(text: string): string
  /** A named value. */
  field(name: string, value: string | number): string | number
  /** More values that are secret from now on. Empty ones count for nothing. */
  add(secrets: readonly string[]): void
}

/** Knows the secrets of the configuration by value. */
export function createMask(secrets: readonly string[]): Mask {
  const known = new Set<string>()
  let longestFirst: string[] = []

  function add(more: readonly string[]): void {
    for (const secret of more) {
      if (secret === '') continue
      known.add(secret)
      known.add(encodeURIComponent(secret.toWellFormed()))
    }
    longestFirst = [...known].sort((a, b) => b.length - a.length)
  }

  function text(value: string): string {
    const hidden = longestFirst.reduce((rest, secret) => rest.replaceAll(secret, masked), value)
    return maskCredentials(hidden)
  }

  add(secrets)
  return {
    add,
    text,
    field(name, value) {
      if (secretFields.test(name)) return masked
      if (privateFields.test(name)) return `${String(value).length} characters`
      return typeof value === 'string' ? text(value) : value
    },
  }
}

/** A URL as it may be printed: no user, password, query or fragment. What is no URL is not printed at all. */
export function printUrl(text: string | URL): string {
  const url = URL.parse(String(text))
  if (url === null) return '(not a URL)'
  return url.host === '' ? url.protocol : `${url.protocol}//${url.host}${url.pathname}`
}

const urlInText = /\b(?:https?|wss?|rediss?|amqps?):\/\/[^\s"'<>]+/gi
const credential =
  /\b(security_token|[\w-]*token|[\w-]*secret|[\w-]*password|csp_?key)(["']?\s*=\s*["']?)[^\s&;,"']+/gi
const header = /\b((?:proxy-)?authorization|(?:set-)?cookie)(["']?\s*:\s*["']?)[^\r\n"']+/gi
const bearer = /\b(bearer)\s+[\w.~+/=-]{4,}/gi

function maskCredentials(text: string): string {
  return text
    .replace(urlInText, (url) => printUrl(url))
    .replace(credential, `$1$2${masked}`)
    .replace(header, `$1$2${masked}`)
    .replace(bearer, `$1 ${masked}`)
}
