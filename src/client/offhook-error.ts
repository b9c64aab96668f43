import type { RefusalCode } from '../core/errors.ts'
import type { FrameArgs } from './frames.ts'

/** What the SDK itself refuses: text, and whether the same may succeed later. */
const own = {
  closed: ['The connection was closed by this page', 'no retry'],
  unreachable: ['The server cannot be reached', 'retry'],
  link_lost: ['The link was lost', 'retry'],
  no_answer: ['The server does not answer', 'retry'],
  auth_failed: ['The auth function failed', 'retry'],
  queue_full: ['Too much waits to be sent', 'retry'],
  outcome_unknown: ['The link was lost before the answer came', 'no retry'],
  user_changed: ['Another user is logged in now', 'no retry'],
  unsubscribed: ['The subscription was given up', 'no retry'],
  reader_too_slow: ['The loop over the channel is too slow', 'no retry'],
} as const satisfies Record<string, readonly [text: string, repeat: 'retry' | 'no retry']>

/** Codes that only the SDK gives; the server's are in the table of core/errors.ts. */
export type ClientCode = keyof typeof own

/** Every code an OffhookError may have. */
export type OffhookErrorCode = RefusalCode | ClientCode

/** What was refused and why. `retry`: the same may succeed later. */
export class OffhookError extends Error {
  override readonly name = 'OffhookError'
  readonly code: OffhookErrorCode
  readonly retry: boolean

  constructor(
    code: OffhookErrorCode,
    message: string,
    options: ErrorOptions & { readonly retry?: boolean } = {},
  ) {
    super(message, options)
    this.code = code
    this.retry = options.retry === true
  }
}

/** An error of the SDK's own. */
export function clientError(code: ClientCode, options: ErrorOptions = {}): OffhookError {
  const [text, repeat] = own[code]
  return new OffhookError(code, text, { ...options, retry: repeat === 'retry' })
}

/** The error in an ERROR frame (`msg`, `retry`), or in a DISCONNECT frame (`reason`, `reconnect`). */
export function errorOf(args: FrameArgs): OffhookError {
  const { code, msg, reason, retry, reconnect } = args
  // A newer server may know codes that this table lacks: they are passed on as they are.
  return new OffhookError(
    (typeof code === 'string' ? code : 'internal') as OffhookErrorCode,
    String(msg ?? reason ?? code),
    { retry: retry === true || reconnect === true },
  )
}
