/**
 * The one door for JSON from outside (spec/safety.md §3): size first, then a depth scan without recursion, then
 * JSON.parse, then no lone surrogates. Used for frames, payloads, REST, hook and polling answers.
 */

export interface JsonLimits {
  /** UTF-8 bytes. */
  readonly bytes: number
  /** Nested arrays and objects. */
  readonly depth: number
}

/** How deep JSON from outside may be nested. */
export const maxJsonDepth = 32

/** Why a text was not taken. */
export class InvalidJson extends Error {
  override readonly name = 'InvalidJson'
}

/** Parses `text`; throws InvalidJson. Objects keep `__proto__` as an own key: never merge them. */
export function parseJson(text: string, limits: JsonLimits): unknown {
  if (!fitsUtf8(text, limits.bytes)) throw new InvalidJson('too large')
  if (isDeeperThan(text, limits.depth)) throw new InvalidJson('nested too deep')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new InvalidJson('not JSON', { cause: error })
  }
  if (mayHoldLoneSurrogate(text) && holdsLoneSurrogate(value))
    throw new InvalidJson('lone surrogate')
  return value
}

/** Bytes of a UTF-16 code unit in UTF-8, at most. */
export const maxUtf8 = 3

/** UTF-8 length of a string, without encoding it. */
export function utf8Length(text: string): number {
  let bytes = text.length
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i)
    if (code < 0x80) continue
    if (code < 0x800) bytes += 1
    else if (code >= 0xd800 && code < 0xdc00 && i + 1 < text.length) {
      bytes += 2
      i += 1
    } else bytes += 2
  }
  return bytes
}

/** Whether a string takes at most `bytes` in UTF-8; counts only where the length alone does not tell. */
export function fitsUtf8(text: string, bytes: number): boolean {
  if (text.length > bytes) return false
  return text.length * maxUtf8 <= bytes || utf8Length(text) <= bytes
}

const quote = 0x22
const backslash = 0x5c

/**
 * Counts brackets outside strings; what is not JSON at all is JSON.parse's to refuse. Most texts have fewer brackets in
 * all than they might have levels: searching for those is many times faster than looking at each character.
 */
function isDeeperThan(text: string, limit: number): boolean {
  if (opensAtMost(text, limit)) return false
  let depth = 0
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i)
    if (code === quote) i = endOfString(text, i)
    else if (code === 0x5b || code === 0x7b) depth += 1
    else if (code === 0x5d || code === 0x7d) depth -= 1
    if (depth > limit) return true
  }
  return false
}

function opensAtMost(text: string, limit: number): boolean {
  let opened = 0
  for (const bracket of ['{', '['])
    for (let i = text.indexOf(bracket); i >= 0; i = text.indexOf(bracket, i + 1)) {
      opened += 1
      if (opened > limit) return false
    }
  return true
}

/** Index of the quote that ends the string begun at `start`, or the text's length. */
function endOfString(text: string, start: number): number {
  for (let i = text.indexOf('"', start + 1); i >= 0; i = text.indexOf('"', i + 1)) {
    let before = i - 1
    while (text.charCodeAt(before) === backslash) before -= 1
    // Each backslash escapes the next: an even number of them leaves the quote as it is.
    if ((i - before) % 2 === 1) return i
  }
  return text.length
}

/** Only an escape or an ill-formed text can bring one in. */
function mayHoldLoneSurrogate(text: string): boolean {
  const hasEscape = text.includes('\\u') && /\\u[dD][89a-fA-F]/.test(text)
  return hasEscape || !text.isWellFormed()
}

/** The value is at most `maxJsonDepth` deep by now, so recursion is bounded. */
function holdsLoneSurrogate(value: unknown): boolean {
  if (typeof value === 'string') return !value.isWellFormed()
  if (Array.isArray(value)) return value.some(holdsLoneSurrogate)
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).some(
    ([key, item]) => !key.isWellFormed() || holdsLoneSurrogate(item),
  )
}
