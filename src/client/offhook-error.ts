import type { RefusalCode } from '../core/errors.ts'
import type { FrameArgs } from './frames.ts'

/**
 * Codes that only the SDK gives; the server's are in the table of core/errors.ts. `closed`: by this page.
 * `unreachable`: no transport opened. `link_lost`, `no_answer`: why it is offline. `auth_failed`: the auth function
 * rejected, `cause` says why. `queue_full`: too much waits to be sent. `outcome_unknown`: the link was lost before the
 * answer came. `user_changed`: another user is logged in now. `unsubscribed`: unsubscribe() came before subscribe() was
 * through. `reader_too_slow`: a loop over a channel fell behind.
 */
export type ClientCode =
  | 'closed'
  | 'unreachable'
  | 'link_lost'
  | 'no_answer'
  | 'auth_failed'
  | 'queue_full'
  | 'outcome_unknown'
  | 'user_changed'
  | 'unsubscribed'
  | 'reader_too_slow'

const mayPass: ReadonlySet<ClientCode> = new Set<ClientCode>([
  'unreachable',
  'link_lost',
  'no_answer',
  'auth_failed',
  'queue_full',
])

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

/** An error of the SDK's own; its text is its code in words (each text costs every page its bytes). */
export function clientError(code: ClientCode, options: ErrorOptions = {}): OffhookError {
  return new OffhookError(code, code.replace(/_/g, ' '), { ...options, retry: mayPass.has(code) })
}

/** The error in an ERROR frame (`msg`, `retry`), or in a DISCONNECT frame (`reason`, `reconnect`). */
export function errorOf(args: FrameArgs): OffhookError {
  const { code, msg, reason, retry, reconnect } = args
  // A newer server may know codes that this table lacks: they are passed on as they are.
  return new OffhookError(code as OffhookErrorCode, String(msg ?? reason ?? code), {
    retry: (retry ?? reconnect) === true,
  })
}
