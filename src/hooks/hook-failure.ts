import { type HookCause, HookFailure } from '../core/errors.ts'
import { type CallName, subjectOf } from './call-name.ts'
import { ExchangeFailure, type RawAnswer } from './exchange.ts'
import { type ConnectionCause, connectionHint, sizeHint, statusHint } from './hints.ts'
import { excerpt, type Scrub } from './scrub.ts'

/** What is known of a request whose answer is judged. */
export interface HookCall {
  readonly name: CallName
  readonly requestId: string
  readonly timeoutMs: number
  /** Takes secrets and cookie values out of what is shown of the answer. */
  readonly scrub: Scrub
}

/** An answer that is no verdict: what the log shows of it. The message is already free of secrets. */
class BadAnswer extends Error {
  override readonly name = 'BadAnswer'
  readonly status: number

  constructor(answer: RawAnswer, scrub: Scrub) {
    const type = answer.headers['content-type'] ?? 'no content type'
    const text = excerpt(answer.body, scrub)
    super(`status ${answer.status}, ${scrub(String(type))}, ${answer.body.length} bytes: ${text}`)
    this.status = answer.status
  }
}

/** The app answered, but not with a verdict. */
export function badAnswer(
  call: HookCall,
  answer: RawAnswer,
  verdict: { reason: HookCause; message: string; hint: string },
): HookFailure {
  return new HookFailure(
    { ...verdict, requestId: call.requestId },
    { cause: new BadAnswer(answer, call.scrub) },
  )
}

/** The app answered with another status than 200. */
export function badStatus(call: HookCall, answer: RawAnswer): HookFailure {
  const redirects = answer.status >= 300 && answer.status < 400 && answer.status !== 304
  return badAnswer(call, answer, {
    reason: redirects ? 'redirect' : 'status',
    message: `${subjectOf(call.name)} was answered with status ${answer.status}`,
    hint: statusHint(call.name, answer.status),
  })
}

/** No whole answer came. Anything but an ExchangeFailure is a bug and is handed back as it is. */
export function noAnswer(call: HookCall, error: unknown): unknown {
  if (!(error instanceof ExchangeFailure)) return error
  if (error.answer && error.answer.status !== 200) return badStatus(call, error.answer)
  if (error.reason === 'too_large' && error.answer)
    return badAnswer(call, error.answer, {
      reason: 'too_large',
      message: `the answer to ${subjectOf(call.name)} is too large`,
      hint: sizeHint(call.name),
    })
  const reason = error.reason === 'connection' ? connectionCause(error.cause) : 'timeout'
  return new HookFailure(
    {
      reason,
      requestId: call.requestId,
      message: `${subjectOf(call.name)} got no answer: ${connectionTexts[reason](call)}`,
      hint: connectionHint(reason, call.name),
    },
    { cause: error.cause ?? error },
  )
}

const connectionTexts: Record<ConnectionCause, (call: HookCall) => string> = {
  timeout: (call) => `nothing within ${call.timeoutMs / 1000} s`,
  refused_connection: () => 'the connection was refused or closed',
  dns: () => 'the host has no address',
  tls: () => 'no TLS link could be made',
  too_large: () => 'its headers are too large',
  wrong_shape: () => 'what came is not HTTP',
}

const dnsCodes = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_NODATA', 'EAI_NONAME', 'EAI_FAIL'])
const timeoutCodes = new Set(['ETIMEDOUT', 'UND_ERR_CONNECT_TIMEOUT'])
const tlsCodes =
  /^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED|HOSTNAME_MISMATCH|INVALID_CA|EPROTO)/

/** Which cause a socket's error stands for. */
export function connectionCause(error: unknown): ConnectionCause {
  const code = errorCode(error)
  if (dnsCodes.has(code)) return 'dns'
  if (timeoutCodes.has(code)) return 'timeout'
  if (tlsCodes.test(code)) return 'tls'
  if (code === 'UND_ERR_HEADERS_OVERFLOW') return 'too_large'
  return isParserError(error) ? 'wrong_shape' : 'refused_connection'
}

function isParserError(error: unknown): boolean {
  return error instanceof Error && error.name === 'HTTPParserError'
}

/** `code` of a system or undici error, '' where there is none. */
export function errorCode(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : ''
}
