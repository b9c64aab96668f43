import { roomOf } from './rooms.ts'

/** A push as the page shows it. A real app would send it to somebody's phone instead. */
export interface Push {
  readonly id: string
  readonly room: string
  /** Who was away, and how much each has unread. */
  readonly receivers: readonly { readonly name: string; readonly unread: number }[]
  /** Display name; null: the app itself. */
  readonly author: string | null
  readonly text: string
  /** Unix milliseconds. */
  readonly at: number
}

/** The pushes that came, newest first; lost with the process. */
export interface Pushes {
  readonly newest: readonly Push[]
  /** Takes the body of a push. False: it is none. */
  take(body: string): boolean
}

const maxKept = 30
const maxTextLength = 300

/** A list of pushes, empty at first. */
export function createPushes(): Pushes {
  let newest: readonly Push[] = []
  return {
    get newest() {
      return newest
    },
    take: (body) => {
      const push = readPush(body)
      if (push === undefined) return false
      // Calls are at least once: what is told again, because our answer got lost, has the same id.
      if (newest.every(({ id }) => id !== push.id)) newest = [push, ...newest].slice(0, maxKept)
      return true
    },
  }
}

/** The body that Offhook's docs/guide/chat.md describes. */
function readPush(json: string): Push | undefined {
  const body = parse(json)
  const { chat_token: channel, id, timestamp, receivers } = body
  if (typeof channel !== 'string' || typeof id !== 'string') return undefined
  if (typeof timestamp !== 'number' || !Array.isArray(receivers)) return undefined
  const unread = objectOf(body['unread'])
  const { name } = objectOf(body['author'])
  return {
    id,
    room: roomOf(channel) ?? channel,
    receivers: receivers.map(String).map((user) => ({ name: user, unread: Number(unread[user]) })),
    author: typeof name === 'string' ? name : null,
    text: textOf(body['body']).slice(0, maxTextLength),
    at: timestamp * 1000,
  }
}

function parse(json: string): Readonly<Record<string, unknown>> {
  try {
    return objectOf(JSON.parse(json))
  } catch {
    return {}
  }
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

/** Hipochat's clients may send anything that is JSON. */
function textOf(body: unknown): string {
  return typeof body === 'string' ? body : (JSON.stringify(body) ?? '')
}
