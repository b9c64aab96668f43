import type { Gate, Verdict } from '../core/ports.ts'
import { subjectOf } from './call-name.ts'
import type { RawAnswer } from './exchange.ts'
import { badAnswer, badStatus, type HookCall } from './hook-failure.ts'
import { isObject, readJson } from './json-answer.ts'

const maxSetCookieBytes = 4096

/** Reads `[allowed, object]` (spec/hookbox.md §5). Throws HookFailure for anything else. */
export function readVerdict(call: HookCall, answer: RawAnswer): Verdict {
  if (answer.status !== 200) throw badStatus(call, answer)
  const value = readJson(call, answer)
  if (!Array.isArray(value) || value.length !== 2 || !isObject(value[1]))
    throw badAnswer(call, answer, {
      reason: 'wrong_shape',
      message: `the answer to ${subjectOf(call.name)} is not a list of a boolean and an object`,
      hint: shapeHint(value),
    })
  return {
    allowed: isTrue(value[0]),
    answer: value[1],
    setCookies: browserCookies(answer.headers['set-cookie']),
    requestId: call.requestId,
  }
}

/** Whether a value counts as true where the app wrote it: Python's and PHP's empty list and object are false. */
function isTrue(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return Boolean(value)
  return Array.isArray(value) ? value.length > 0 : Object.keys(value).length > 0
}

/** What to say where a connect hook without a cookie was refused: the usual cause is a cookie that never arrived. */
export function refusedConnectHint(gate: Gate, verdict: Verdict): string | undefined {
  if (gate.hook !== 'connect' || gate.cookies || verdict.allowed) return
  return 'The connect hook carried no cookie and was refused: does the browser send the login cookie to Offhook? See docs/guide/cookies.md.'
}

function shapeHint(value: unknown): string {
  if (Array.isArray(value) && value.length === 2 && Array.isArray(value[1]))
    return 'The second of the two must be an object; in PHP an empty one is (object)[], not [].'
  return 'Answer with a JSON list of exactly two, [true, {}] or [false, {"error": "…"}].'
}

/** `Set-Cookie` values that a page may have: no HttpOnly ones, at most 4 KiB each (spec/safety.md §1). */
function browserCookies(header: readonly string[] | string | undefined): string[] {
  if (header === undefined) return []
  const values = typeof header === 'string' ? [header] : header
  return values.filter((value) => value.length <= maxSetCookieBytes && !isHttpOnly(value))
}

function isHttpOnly(cookie: string): boolean {
  const [, ...attributes] = cookie.split(';')
  return attributes.some((attribute) => /^\s*httponly\s*(=|$)/i.test(attribute))
}
