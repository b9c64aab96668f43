import { createHmac } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { isEqual } from './session.ts'

const toleranceSeconds = 300

/** What is checked: the request's headers and its body exactly as it came, before any parsing. */
export interface SignedRequest {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/**
 * Whether Offhook signed this request with `secret` (`whsec_…`), as the Standard Webhooks specification says, not more
 * than five minutes ago. Stronger than the form field `secret`: the secret itself never travels.
 */
export function isSigned(request: SignedRequest, secret: string, now = Date.now()): boolean {
  const id = request.headers['webhook-id']
  const timestamp = request.headers['webhook-timestamp']
  const signatures = request.headers['webhook-signature']
  if (typeof id !== 'string' || typeof timestamp !== 'string') return false
  if (typeof signatures !== 'string') return false
  if (!(Math.abs(now / 1000 - Number(timestamp)) <= toleranceSeconds)) return false
  const expected = sign({ id, timestamp, body: request.body }, secret)
  return signatures.split(' ').some((signature) => isEqual(signature, expected))
}

/** The signature of a request under that id and time. */
export function sign(
  { id, timestamp, body }: { id: string; timestamp: string; body: string },
  secret: string,
): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  const signed = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`)
  return `v1,${signed.digest('base64')}`
}
