import type { IncomingHttpHeaders } from 'node:http'
import type { Fields } from './rest/fields.ts'

/** What a request gives as the API token: as a Bearer, and as the field `security_token`. */
export function apiTokensOf(headers: IncomingHttpHeaders, fields: Fields): string[] {
  const bearer = /^Bearer +(.+)$/i.exec(headers.authorization ?? '')?.[1]
  return [bearer, fields.text('security_token')].filter((text) => text !== undefined)
}
