/** Calls Offhook's REST interface, the way in which the app drives Offhook. */
export interface Offhook {
  /** The object of the answer. Throws an Error with Offhook's own words if the call did not work. */
  call(method: string, fields?: Readonly<Record<string, string>>): Promise<Answer>
}

/** The object of an answer. */
interface Answer {
  /** Why a call did not work. */
  readonly msg?: unknown
  /** `get_server_info`: names of all channels. */
  readonly channels?: unknown
  /** `room_unread`: a user's rooms. */
  readonly rooms?: unknown
}

const timeoutMs = 5000

/** A client for the Offhook at `url` whose API token is `token`. */
export function createOffhook(url: string, token: string): Offhook {
  return {
    call: async (method, fields = {}) => {
      const response = await fetch(`${url}/web/${method}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
        body: new URLSearchParams(fields),
        signal: AbortSignal.timeout(timeoutMs),
      })
      const [ok, answer] = (await response.json()) as [boolean, Answer]
      if (!ok) throw new Error(String(answer.msg))
      return answer
    },
  }
}
