import type { Position } from './entry.ts'
import type { FrameArgs } from './frames.ts'
import type { Options } from './options.ts'

/** The server's limit is 1000, and the frame has one too: channels beyond are read anew. */
const maxPositions = 500

/** What CONNECT needs to know of a channel. */
export interface Resumable {
  readonly name: string
  readonly isWanted: boolean
  readonly position: Position | undefined
}

/** The arguments of CONNECT; asks the page for credentials, which are kept nowhere. */
export async function connectArgs(
  options: Options,
  channels: Iterable<Resumable>,
): Promise<FrameArgs> {
  const { token, payload = options.payload } = (await options.auth?.()) ?? {}
  const since = [...channels]
    .filter(({ isWanted, position }) => isWanted && position !== undefined)
    .slice(0, maxPositions)
    .map(({ name, position }) => [name, position] as const)
  return {
    version: 2,
    cookie_string: options.cookieString ?? pageCookies(),
    payload: payload ?? null,
    ...(token === undefined ? {} : { token }),
    // fromEntries defines its keys: a channel `__proto__` is one like the others
    ...(since.length === 0 ? {} : { since: Object.fromEntries(since) }),
  }
}

function pageCookies(): string {
  return typeof document === 'undefined' ? '' : document.cookie
}
