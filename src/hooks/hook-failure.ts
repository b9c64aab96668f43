import { type HookCause, HookFailure } from '../core/errors.ts'
import { ExchangeFailure, type RawAnswer } from './exchange.ts'
import type { HookName } from './hook-url.ts'
import { excerpt, type Scrub } from './scrub.ts'

/** What is known of a hook whose answer is judged. */
export interface HookCall {
  readonly hook: HookName
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
    message: `the ${call.hook} hook was answered with status ${answer.status}`,
    hint: statusHint(answer.status),
  })
}

/** No whole answer came. Anything but an ExchangeFailure is a bug and is handed back as it is. */
export function noAnswer(call: HookCall, error: unknown): unknown {
  if (!(error instanceof ExchangeFailure)) return error
  if (error.answer && error.answer.status !== 200) return badStatus(call, error.answer)
  if (error.reason === 'too_large' && error.answer)
    return badAnswer(call, error.answer, {
      reason: 'too_large',
      message: `the answer to the ${call.hook} hook is too large`,
      hint: 'Answer with a short JSON list, or raise --max-hook-answer-bytes.',
    })
  const reason = error.reason === 'connection' ? connectionCause(error.cause) : 'timeout'
  return new HookFailure(
    {
      reason,
      requestId: call.requestId,
      message: `the ${call.hook} hook got no answer: ${connectionTexts[reason](call)}`,
      hint: connectionHints[reason],
    },
    { cause: error.cause ?? error },
  )
}

/** The causes that leave no answer to show. */
type ConnectionCause =
  | 'timeout'
  | 'refused_connection'
  | 'dns'
  | 'tls'
  | 'too_large'
  | 'wrong_shape'

const connectionTexts: Record<ConnectionCause, (call: HookCall) => string> = {
  timeout: (call) => `nothing within ${call.timeoutMs / 1000} s`,
  refused_connection: () => 'the connection was refused or closed',
  dns: () => 'the host has no address',
  tls: () => 'no TLS link could be made',
  too_large: () => 'its headers are too large',
  wrong_shape: () => 'what came is not HTTP',
}

/** One sentence of advice for each cause without an answer; probe() gives the same. */
export const connectionHints: Record<ConnectionCause, string> = {
  timeout:
    'Is the app single-threaded and waiting for Offhook itself? Run it with more workers, or raise --hook-timeout.',
  refused_connection: 'Is the app running, and does --app-url name its host and port?',
  dns: 'Does --app-url name the right host?',
  tls: 'Is it https that the app speaks there? --cb-insecure accepts a certificate that nobody signed.',
  too_large: 'Send fewer or shorter headers.',
  wrong_shape: "Does --app-url name the app's HTTP port, with https only where the app speaks it?",
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

function statusHint(status: number): string {
  if (status === 301 || status === 308 || status === 404)
    return 'Check the path (--app-url, --cb-…), or try --cbtrailingslash.'
  if (status >= 300 && status < 400)
    return 'The hook must need no login: exempt it from the redirect.'
  if (status === 401) return 'The hook must need no login: exempt it from authentication.'
  if (status === 403 || status === 419)
    return 'Exempt the hook from CSRF protection, or does the app expect another secret (--hook-secret)?'
  if (status === 405) return 'The hook must take POST.'
  if (status === 400) return 'Does the app expect another Host header (--app-host-header) or https?'
  if (status >= 500) return 'The app failed: its own log says why.'
  return 'Answer with status 200 and a JSON list [true, {}].'
}
