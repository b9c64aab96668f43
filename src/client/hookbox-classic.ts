import { Connection } from './connection.ts'
import { cspPoll, cspStream } from './csp.ts'
import type { FrameArgs } from './frames.ts'
import { createLogging, type Logging } from './logging.ts'
import type { Transport } from './transport.ts'
import { baseOf } from './url.ts'
import { websocket } from './websocket.ts'

/**
 * The classic page script, /static/hookbox.js: defines `window.hookbox` (spec/hookbox.md §8).
 * Bundled as a script that runs for its side effect.
 */

/** Best first: the next one is tried where one is missing or fails before it has opened. */
const transports: readonly Transport[] = [websocket, cspStream, cspPoll]

/** What stands at `window.hookbox`. */
export interface Hookbox {
  connect(url: string, connectPayload?: unknown, cookieString?: string): Connection
  /** Both act on the last connection made; they throw where there is none. */
  publish(channelName: string, data?: unknown): void
  subscribe(channelName: string): void
  readonly logging: Logging
}

declare global {
  interface Window {
    hookbox: Hookbox
  }
}

export type { Connection, FrameArgs }

const logging = createLogging()
let last: Connection | undefined

window.hookbox = {
  connect: (url, payload, cookieString = document.cookie) => {
    const logger = logging.get('hookbox')
    last = new Connection({ base: baseOf(url), transports, payload, cookieString, logger })
    return last
  },
  publish: (channelName, data) => lastConnection().publish(channelName, data),
  subscribe: (channelName) => lastConnection().subscribe(channelName),
  logging,
}

function lastConnection(): Connection {
  if (last === undefined) throw new Error('hookbox.connect has not been called')
  return last
}
