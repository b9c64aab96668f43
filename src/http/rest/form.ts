import { isUtf8 } from 'node:buffer'
import { Refusal } from '../../core/errors.ts'

/** Attack: a megabyte of `&a&b&c`. */
const maxFields = 1000

/** Pairs of an urlencoded form or query. Throws Refusal `invalid_body` for broken escapes and invalid UTF-8. */
export function parseForm(bytes: Buffer): [name: string, text: string][] {
  const pairs: [string, string][] = []
  if (bytes.length === 0) return pairs
  for (const part of utf8Text(bytes).split('&', maxFields + 1)) {
    if (part === '') continue
    if (pairs.length === maxFields) throw new Refusal('invalid_body', 'Too many fields')
    const equals = part.indexOf('=')
    if (equals < 0) pairs.push([unescapePart(part), ''])
    else pairs.push([unescapePart(part.slice(0, equals)), unescapePart(part.slice(equals + 1))])
  }
  return pairs
}

/** The query of a request target, as bytes: Node gives what was not escaped as Latin-1. */
export function queryBytes(url: string): Buffer {
  const start = url.indexOf('?')
  return start < 0 ? Buffer.alloc(0) : Buffer.from(url.slice(start + 1), 'latin1')
}

/** Text of a body. Throws Refusal `invalid_body` where it is no UTF-8; a leading byte order mark is left out. */
export function utf8Text(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw new Refusal('invalid_body', 'Invalid UTF-8')
  const text = bytes.toString('utf8')
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
}

function unescapePart(part: string): string {
  const spaced = part.includes('+') ? part.replaceAll('+', ' ') : part
  if (!spaced.includes('%')) return spaced
  try {
    return decodeURIComponent(spaced)
  } catch (error) {
    throw new Refusal('invalid_body', 'Broken escape or invalid UTF-8 in a form', { cause: error })
  }
}
