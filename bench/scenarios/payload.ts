/** Stands in each payload once, and in nothing else that a server sends. */
export const payloadMarker = '~'

/** A JSON string of exactly `bytes` bytes, quotes included. */
export function payloadOf(bytes: number): string {
  return `"${payloadMarker}${'x'.repeat(bytes - 3)}"`
}
