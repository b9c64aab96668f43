import { Failure, Refusal, type RefusalCode, refusals } from '../../core/errors.ts'

/** The answer to a REST call: always JSON `[boolean, object]`. */
export interface RestAnswer {
  readonly status: number
  readonly body: string
}

/** Only these say it by the status too; every other refusal is a 200 with `false` (spec/hookbox.md §6). */
const ownStatus: ReadonlySet<RefusalCode> = new Set<RefusalCode>([
  'method_missing',
  'http_method',
  'body_too_large',
  'request_timeout',
  'too_many_entries',
  'too_many_logins',
  'server_full',
  'draining',
])

/** Answer of a call that was done. */
export function doneAnswer(result: object): RestAnswer {
  return { status: 200, body: `[true,${JSON.stringify(result)}]` }
}

/** Answer of a call that was not done. The one place where errors become HTTP; others are `report`ed once. */
export function errorAnswer(error: unknown, report: (error: unknown) => void): RestAnswer {
  if (error instanceof Refusal) {
    return { status: ownStatus.has(error.code) ? error.status : 200, body: refused(error.message) }
  }
  return { status: 500, body: refused(faultText(error, report)) }
}

/** What a caller reads of a fault: whether the same call may succeed later. `report`s it. */
export function faultText(error: unknown, report: (error: unknown) => void): string {
  report(error)
  return refusals[error instanceof Failure ? 'store_failed' : 'internal'].text
}

function refused(msg: string): string {
  return `[false,${JSON.stringify({ msg })}]`
}
