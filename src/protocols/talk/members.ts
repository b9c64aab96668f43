/** The members of a JSON object's text, each as it was written: numbers keep their spelling, `__proto__` is a key. */

const quote = 0x22
const comma = 0x2c
const openBracket = 0x5b
const backslash = 0x5c
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d

/**
 * The text between the braces of an object without the members of these keys. `json`: text of an object that has been
 * parsed; what is none is not noticed here.
 */
export function membersWithout(json: string, keys: ReadonlySet<string>): string {
  const kept: string[] = []
  let start = json.indexOf('{') + 1
  for (;;) {
    const end = endOfMember(json, start)
    const member = json.slice(start, end).trim()
    if (member !== '' && !keys.has(keyOf(member))) kept.push(member)
    if (json.charCodeAt(end) !== comma) return kept.join(',')
    start = end + 1
  }
}

/** Index of the comma or brace that ends the member begun at `start`, or the text's length. */
function endOfMember(json: string, start: number): number {
  let depth = 0
  for (let i = start; i < json.length; i += 1) {
    const code = json.charCodeAt(i)
    if (code === quote) i = endOfString(json, i)
    else if (depth === 0 && (code === comma || code === closeBrace)) return i
    else depth += stepOf(code)
  }
  return json.length
}

function stepOf(code: number): -1 | 0 | 1 {
  if (code === openBrace || code === openBracket) return 1
  return code === closeBrace || code === closeBracket ? -1 : 0
}

/** Index of the quote that ends the string begun at `start`, or the text's length. */
function endOfString(json: string, start: number): number {
  for (let i = start + 1; i < json.length; i += 1) {
    const code = json.charCodeAt(i)
    if (code === quote) return i
    if (code === backslash) i += 1
  }
  return json.length
}

/** A key may be spelled with escapes. */
function keyOf(member: string): string {
  const text = member.slice(0, endOfString(member, 0) + 1)
  return text.includes('\\') ? String(JSON.parse(text)) : text.slice(1, -1)
}
