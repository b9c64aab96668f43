import { Failure } from '../core/errors.ts'
import { maxJsonDepth, parseJson } from '../core/json.ts'
import type { Notice } from '../core/ports.ts'

/** A user is in at most `--max-subscriptions` channels of 800 bytes; escapes may double that. */
const maxBodyBytes = 16 * 1024 * 1024

/** Form of the `disconnect` hook from its notice's body `{name, conn_id, channels}` (spec/hookbox.md §5). */
export function disconnectForm(notice: Notice): [field: string, value: string][] {
  const body = parseJson(notice.body, { bytes: maxBodyBytes, depth: maxJsonDepth })
  if (!isDisconnect(body))
    throw new Failure('notice', `the body of notice ${notice.id} is not one of a disconnect`)
  return [
    ['name', body.name],
    ['channels', JSON.stringify(body.channels)],
    ['conn_id', body.conn_id],
  ]
}

interface Disconnect {
  readonly name: string
  readonly conn_id: string
  readonly channels: readonly unknown[]
}

function isDisconnect(body: unknown): body is Disconnect {
  if (typeof body !== 'object' || body === null) return false
  const { name, conn_id, channels } = body as Partial<Record<keyof Disconnect, unknown>>
  return typeof name === 'string' && typeof conn_id === 'string' && Array.isArray(channels)
}
