import type { Exchange } from './exchange.ts'
import { HttpError } from './exchange.ts'
import type { createHooks } from './hooks.ts'
import type { Offhook } from './offhook.ts'
import type { Pushes } from './pushes.ts'
import type { Sessions } from './session.ts'

/** What the demo must be told. */
export interface DemoSettings {
  /** Where browsers (and this app) find Offhook. */
  readonly offhookUrl: string
  /** The form field `secret` of each hook must equal it. */
  readonly hookSecret: string
  readonly apiToken: string
  /** Key of the session cookies. */
  readonly sessionKey: string
  /** `whsec_…`: hooks and pushes must be signed with it. */
  readonly signingSecret: string
}

/** What the routes work with. */
export interface Demo {
  readonly settings: DemoSettings
  readonly sessions: Sessions
  readonly offhook: Offhook
  readonly hooks: ReturnType<typeof createHooks>
  readonly pushes: Pushes
}

/** Answers one method and path; throws HttpError. */
export type Route = (demo: Demo, exchange: Exchange) => Promise<void> | void

/** Who is logged in. Throws HttpError 401. */
export function requireUser(demo: Demo, exchange: Exchange): string {
  const name = demo.sessions.nameIn(exchange.request.headers.cookie)
  if (name === undefined) throw new HttpError(401, 'Please log in')
  return name
}
