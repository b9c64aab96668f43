/**
 * The grammar of channel and user names (spec/safety.md §2): 1–200 code points, at most 800 UTF-8 bytes, well
 * formed, no control, line-separator, bidi-override or byte-order characters. Never normalised.
 */

const maxCodePoints = 200

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what the grammar forbids
const forbidden = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/

/** Whether `text` may name a channel or a user. (200 code points never pass 800 bytes in UTF-8.) */
export function isName(text: string): boolean {
  if (text.length === 0 || text.length > 2 * maxCodePoints) return false
  if (!text.isWellFormed() || forbidden.test(text)) return false
  return text.length <= maxCodePoints || countCodePoints(text) <= maxCodePoints
}

function countCodePoints(text: string): number {
  let count = 0
  for (const _ of text) count += 1
  return count
}
