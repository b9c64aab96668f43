/** FNV-1a over the text, 64 bits in two halves, with its length: tells a reused id from a repeat, no secret from another. */
export function digestOf(text: string): string {
  let low = 0x811c9dc5
  let high = 0x1b873593
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i)
    low = Math.imul(low ^ code, 0x01000193)
    high = Math.imul(high ^ (code + i), 0x85ebca6b)
  }
  return `${text.length}-${(low >>> 0).toString(16)}-${(high >>> 0).toString(16)}`
}
