import type { HookSettings } from './settings.ts'
import { type SignedContent, signWebhook } from './signature.ts'

/** The headers by which the app knows a request again and knows who sent it (spec/hipochat.md §6). */
export function signedHeaders(
  { signingSecret }: Pick<HookSettings, 'signingSecret'>,
  signed: SignedContent,
): string[] {
  const headers = ['webhook-id', signed.id]
  if (signingSecret.length === 0) return headers
  headers.push('webhook-timestamp', String(signed.timestamp))
  headers.push('webhook-signature', signWebhook(signingSecret, signed))
  return headers
}
