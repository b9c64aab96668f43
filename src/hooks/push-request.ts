import { Failure } from '../core/errors.ts'
import type { Notice } from '../core/ports.ts'
import type { HookRequest } from './hook-request.ts'
import { hookUrl } from './hook-url.ts'
import type { HookSettings } from './settings.ts'
import { signedHeaders } from './signed-headers.ts'

/** Where pushes go; undefined where the app wants none. Throws TypeError where the setting is no URL. */
export function pushUrl({ talkPushUrl }: Pick<HookSettings, 'talkPushUrl'>): URL | undefined {
  if (talkPushUrl === '') return undefined
  const url = new URL(talkPushUrl)
  url.hash = ''
  return url
}

/**
 * One frozen call of spec/hipochat.md §5: the notice's body as it is, on nobody's behalf, signed for this try.
 * `timestamp` is in seconds. Throws Failure where there is no push URL any more.
 */
export function buildPushRequest(
  settings: HookSettings,
  { id, body }: Notice,
  timestamp: number,
): HookRequest {
  const url = pushUrl(settings)
  if (url === undefined)
    throw new Failure('push', 'there is no push URL any more: give --talk-push-url')
  const headers = [
    'content-type',
    'application/json',
    'accept-encoding',
    'identity',
    'user-agent',
    settings.userAgent ?? 'offhook',
    ...signedHeaders(settings, { id, timestamp, body }),
  ]
  // The header stands for the app at its own address, and means nothing to another server.
  if (settings.appHostHeader && url.origin === hookUrl(settings, 'connect').origin)
    headers.push('host', settings.appHostHeader)
  return { url, headers, body }
}
