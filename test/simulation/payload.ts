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

export function readPayload(json: string): Said {
  const [author = '', number = '0', repeats] = (JSON.parse(json) as string).split(' ')
  return { author, number: Number(number), repeats: repeats === 'r' }
}
