import { Failure, Refusal, type RefusalCode } from '../../core/errors.ts'
import type { Telemetry } from '../../core/ports.ts'
import type { TalkAnswer } from './call.ts'

/** How an endpoint says that it does not know who calls (spec/hipochat.md §3). */
export type DeniedStatus = 400 | 403

const denied: ReadonlySet<RefusalCode> = new Set<RefusalCode>([
  'authentication_error',
  'invalid_token',
])

/** Answer of a call that was done. */
export function done(body: string, status = 200): TalkAnswer {
  return { status, body }
}

/** Answer of a call that was not done: `{"error": …}`. Faults are reported, and told without their text. */
export function notDone(
  error: unknown,
  deniedStatus: DeniedStatus,
  telemetry: Telemetry,
): TalkAnswer {
  if (!(error instanceof Refusal)) {
    telemetry.failure('talk', error)
    const refusal = new Refusal(error instanceof Failure ? 'store_failed' : 'internal')
    return answerOf(refusal, refusal.status)
  }
  if (error.code === 'body_too_large') telemetry.limit('max-body-bytes')
  if (error.limit !== undefined) telemetry.limit(error.limit)
  return answerOf(error, denied.has(error.code) ? deniedStatus : error.status)
}

function answerOf(refusal: Refusal, status: number): TalkAnswer {
  const body = JSON.stringify({ error: refusal.message })
  return refusal.retry ? { status, body, headers: { 'retry-after': '5' } } : { status, body }
}
