import { type HookName, hookUrl } from './hook-url.ts'
import type { HookSettings } from './settings.ts'
import { signedHeaders } from './signed-headers.ts'

/** One hook or push as it is sent: everything but its deadline. */
export interface HookRequest {
  readonly url: URL
  /** Names and values in turn. */
  readonly headers: string[]
  readonly body: string
}

/** What a hook says, and on whose behalf. */
export interface HookContent {
  readonly hook: HookName
  /** `webhook-id`, the same on every try. */
  readonly id: string
  readonly form: readonly (readonly [field: string, value: string])[]
  readonly cookies?: string | undefined
  readonly token?: string | undefined
  readonly address?: string | undefined
}

/** Hookbox's own number: apps compare it, so it is not Offhook's. */
const hookboxVersion = '0.3.4'

/** Form and headers of spec/hookbox.md §5, signed for this try. `timestamp` is in seconds. */
export function buildHookRequest(
  settings: HookSettings,
  content: HookContent,
  timestamp: number,
): HookRequest {
  const body = formBody(settings, content)
  const headers = [
    'content-type',
    'application/x-www-form-urlencoded',
    'accept-encoding',
    'identity',
    'user-agent',
    settings.userAgent ?? 'offhook',
    ...signedHeaders(settings, { id: content.id, timestamp, body }),
  ]
  if (settings.appHostHeader) headers.push('host', settings.appHostHeader)
  if (settings.cbSendHookboxVersion) headers.push('x-hookbox-version', hookboxVersion)
  if (content.cookies) headers.push('cookie', content.cookies)
  if (content.token) headers.push('authorization', `Bearer ${content.token}`)
  if (content.address) headers.push('x-real-ip', content.address)
  return { url: hookUrl(settings, content.hook), headers, body }
}

function formBody(settings: HookSettings, content: HookContent): string {
  const form = new URLSearchParams({ action: content.hook })
  for (const [field, value] of content.form) form.append(field, value)
  if (settings.hookSecret) form.append('secret', settings.hookSecret)
  return form.toString()
}
