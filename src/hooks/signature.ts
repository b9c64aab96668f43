import { createHmac } from 'node:crypto'

const prefix = 'whsec_'

/** What is signed: `webhook-id`, `webhook-timestamp` (seconds) and the raw body. */
export interface SignedContent {
  readonly id: string
  readonly timestamp: number
  readonly body: string
}

/**
 * The `webhook-signature` header of Standard Webhooks (spec/hipochat.md §6): one `v1,…` per secret, space separated,
 * so that an app may hold the old or the new one during a rotation. Secrets are base64, with or without `whsec_`.
 */
export function signWebhook(secrets: readonly string[], content: SignedContent): string {
  return secrets.map((secret) => `v1,${sign(secret, content)}`).join(' ')
}

function sign(secret: string, { id, timestamp, body }: SignedContent): string {
  const key = Buffer.from(
    secret.startsWith(prefix) ? secret.slice(prefix.length) : secret,
    'base64',
  )
  return createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
}
