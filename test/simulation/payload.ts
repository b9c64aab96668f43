/**
 * What clients of the simulation publish: who, on which of its links, the how manieth. Each is said once, so a payload
 * stands for its publish wherever it turns up.
 */
export interface Said {
  /** The publisher's link, or the app. */
  readonly author: string
  readonly number: number
  /** It may be sent again, on another link or after others. */
  readonly repeats: boolean
}

/** JSON text of a payload. */
export function writePayload(said: Said): string {
  return JSON.stringify(`${said.author} ${said.number}${said.repeats ? ' r' : ''}`)
}

/** The same as clients of Hipochat send it: in an object. */
export function writeMessage(said: Said, type?: string): string {
  const body: unknown = JSON.parse(writePayload(said))
  return JSON.stringify(type === undefined ? { body } : { body, type })
}

/** What was said, as it stands in a payload: in an object of talk it is the body. */
export function saidIn(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value)
  const { body, message } = value as { readonly body?: unknown; readonly message?: unknown }
  return String(body ?? message)
}

export function readPayload(json: string): Said {
  const [author = '', number = '0', repeats] = saidIn(JSON.parse(json)).split(' ')
  return { author, number: Number(number), repeats: repeats === 'r' }
}
