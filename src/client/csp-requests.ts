/** How long a stream and a held request last, in seconds; a stream shows a sign of life each `beat`. */
export const cspSeconds = { stream: 50, poll: 25, beat: 15 } as const

/** Batches end with a line end, which no JSON text holds; a stream begins with some blanks to show that it flows. */
const variables = {
  stream: `is=1&du=${cspSeconds.stream}&i=${cspSeconds.beat}&ps=64&bs=%0A`,
  poll: `du=${cspSeconds.poll}&bs=%0A`,
} as const

/** The answer said that the session is over: there is no use in another try. */
export class SessionGone extends Error {}

/** The requests of one session. All reject if there is no answer of status 200. */
export interface CspRequests {
  /** Asks for packets after `acknowledged`. */
  comet(acknowledged: number, signal: AbortSignal): Promise<Response>
  /** Brings packets: a JSON list. */
  send(packets: string, signal: AbortSignal): Promise<void>
}

/** Shakes hands. Cookies count at the handshake only (spec/safety.md §1). */
export async function openCspRequests(
  base: string,
  mode: 'stream' | 'poll',
  opening: AbortSignal,
): Promise<CspRequests> {
  const post = async (path: string, init: RequestInit): Promise<Response> => {
    const response = await fetch(`${base}/csp/${path}`, { method: 'POST', ...init })
    if (response.ok) return response
    const mayPass = response.status >= 500 || response.status === 429
    throw new (mayPass ? Error : SessionGone)(`status ${response.status}`)
  }
  const shake = (credentials: RequestCredentials) =>
    post(`handshake?${variables[mode]}`, { credentials, signal: opening })
  // A server to which this page is foreign forbids its cookies, and the browser then the whole answer.
  const response = await shake('include').catch((error: unknown) => {
    if (error instanceof TypeError) return shake('same-origin')
    throw error
  })
  const { session } = parseBatch(await response.text()) as { session: string }
  return {
    comet: (acknowledged, signal) => post(`comet?s=${session}&a=${acknowledged}`, { signal }),
    send: async (body, signal) => {
      const answer = await post(`send?s=${session}`, { body, signal })
      await answer.text()
    },
  }
}

/** The JSON inside the parentheses that the classic clients evaluate; undefined where there is none. */
export function parseBatch(text: string): unknown {
  const json = text.trim().slice(1, -1)
  return json === '' ? undefined : JSON.parse(json)
}
