import { type CallName, urlFlagOf } from './call-name.ts'

/** The causes that leave no answer to show. */
export type ConnectionCause =
  | 'timeout'
  | 'refused_connection'
  | 'dns'
  | 'tls'
  | 'too_large'
  | 'wrong_shape'

const connectionHints: Record<ConnectionCause, (urlFlag: string) => string> = {
  timeout: () =>
    'Is the app single-threaded and waiting for Offhook itself? Run it with more workers, or raise --hook-timeout.',
  refused_connection: (urlFlag) =>
    `Is the app running, and does ${urlFlag} name its host and port?`,
  dns: (urlFlag) => `Does ${urlFlag} name the right host?`,
  tls: () =>
    'Is it https that the app speaks there? --cb-insecure accepts a certificate that nobody signed.',
  too_large: () => 'Send fewer or shorter headers.',
  wrong_shape: (urlFlag) =>
    `Does ${urlFlag} name the app's HTTP port, with https only where the app speaks it?`,
}

/** One sentence of advice for each cause without an answer; probe() gives the same. */
export function connectionHint(cause: ConnectionCause, call: CallName): string {
  return connectionHints[cause](urlFlagOf(call))
}

/** What to do about an answer that is too large. */
export function sizeHint(call: CallName): string {
  return call === 'profile'
    ? 'Answer with at most 64 KiB of JSON.'
    : 'Answer with a short JSON list, or raise --max-hook-answer-bytes.'
}

/** What a right answer looks like, to complete “Print nothing but …”. */
export function wantedAnswer(call: CallName): string {
  return call === 'profile' ? 'a JSON object {"id": …}' : 'a JSON list [true, {}]'
}

/** What to do about a status. */
export function statusHint(call: CallName, status: number): string {
  if (status >= 500) return 'The app failed: its own log says why.'
  if (call === 'push') return pushHint(status)
  return call === 'profile' ? profileHint(status) : hookHint(status)
}

function hookHint(status: number): string {
  if (status === 301 || status === 308 || status === 404)
    return 'Check the path (--app-url, --cb-…), or try --cbtrailingslash.'
  if (status >= 300 && status < 400)
    return 'The hook must need no login: exempt it from the redirect.'
  if (status === 401) return 'The hook must need no login: exempt it from authentication.'
  if (status === 403 || status === 419)
    return 'Exempt the hook from CSRF protection, or does the app expect another secret (--hook-secret)?'
  if (status === 405) return 'The hook must take POST.'
  if (status === 400) return 'Does the app expect another Host header (--app-host-header) or https?'
  return 'Answer with status 200 and a JSON list [true, {}].'
}

function pushHint(status: number): string {
  if (status === 301 || status === 308 || status === 404)
    return 'Check --talk-push-url, and whether its path ends with a slash.'
  if (status === 401 || (status >= 300 && status < 400))
    return 'The push must need no login: its signature says who sent it (--signing-secret).'
  if (status === 403 || status === 419)
    return 'Exempt the push from CSRF protection, or does the app expect another secret (--signing-secret)?'
  if (status === 405) return 'The push must be taken by POST.'
  if (status === 400 || status === 415 || status === 422)
    return 'The body of a push is a JSON object: does the app read it as one?'
  return 'Answer with any status from 200 to 299.'
}

function profileHint(status: number): string {
  if (status === 301 || status === 308 || status === 404)
    return 'Check --talk-profile-url, and whether its path ends with a slash.'
  if (status >= 300 && status < 400)
    return 'Answer an unknown token with status 401 or 403, not with a redirect to a login.'
  if (status === 401 || status === 403)
    return 'The app does not know the token. Does it look behind the word Token in the header Authorization?'
  if (status === 405) return 'The profile must be given by GET.'
  if (status === 400) return 'Does the app expect another Host header (--app-host-header) or https?'
  return 'Answer with status 200 and a JSON object {"id": …}.'
}
