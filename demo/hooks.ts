import { roomOf } from './rooms.ts'
import type { Sessions } from './session.ts'

/** A hook's answer: whether it may be, and what follows (Offhook's docs/guide/hooks.md). */
export type Verdict = readonly [allowed: boolean, answer: Readonly<Record<string, unknown>>]

/** One hook call: the form that Offhook sent and the cookies of the browser that caused it. */
export interface HookCall {
  readonly form: URLSearchParams
  readonly cookies: string | undefined
}

/** The text that the chat page knows as "go to the login page". */
const pleaseLogIn = 'Please log in'

const maxTextLength = 2000

/**
 * The rules of this chat, one function per hook. Only `connect` looks at the cookie: from then on Offhook itself knows
 * who it is and says so in `user` or `originator`.
 */
export function createHooks(sessions: Sessions): ReadonlyMap<string, (call: HookCall) => Verdict> {
  return new Map([
    ['connect', (call: HookCall): Verdict => connect(sessions.nameIn(call.cookies))],
    // Rooms are made by this app (membership.ts), not by whoever names one.
    ['create_channel', noSuchRoom],
    ['subscribe', subscribe],
    ['publish', publish],
    // Everybody may leave, a tab that closes is not asked anyway.
    ['unsubscribe', (): Verdict => [true, {}]],
    ['message', (): Verdict => [false, { error: 'This chat has no private messages' }]],
    // No: rooms stay, with their history, when the last one has gone.
    ['destroy_channel', (): Verdict => [false, {}]],
    ['disconnect', (): Verdict => [true, {}]],
  ])
}

function connect(name: string | undefined): Verdict {
  return name === undefined ? [false, { error: pleaseLogIn }] : [true, { name }]
}

function noSuchRoom(): Verdict {
  return [false, { error: 'There is no such room' }]
}

function subscribe({ form }: HookCall): Verdict {
  const room = roomOf(form.get('channel_name') ?? '')
  return room === undefined ? noSuchRoom() : [true, {}]
}

/**
 * What goes out is built anew, so that nobody can slip fields into others' pages. `body` is what Hipochat's clients and
 * pushes know as the text.
 */
function publish({ form }: HookCall): Verdict {
  const payload = parse(form.get('payload') ?? '')
  const text = typeof payload === 'object' && payload !== null && 'body' in payload && payload.body
  if (typeof text !== 'string' || text.trim() === '') return [false, { error: 'Write something' }]
  if (text.length > maxTextLength) return [false, { error: `At most ${maxTextLength} characters` }]
  return [true, { override_payload: { body: text.trim() } }]
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}
