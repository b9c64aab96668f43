import { InvalidJson, maxJsonDepth, parseJson } from '../core/json.ts'
import { isName } from '../core/names.ts'
import type { App, Gate, GateName } from '../core/ports.ts'

const maxPayloadBytes = 1024 * 1024

/** What `offhook dev` makes of a channel that somebody asks for: one that can be talked in at once. */
const friendlyChannel = { moderated: false, history_size: 50, presenceful: true }

/**
 * An app that is none: `offhook dev` answers all gates itself. Everybody may do everything; a user is who the connect
 * payload's `name` says, else a guest. No network.
 */
export function createDevApp(): App {
  let asked = 0
  return {
    async ask(gate) {
      asked += 1
      const answer = answers[gate.hook](gate)
      return { allowed: true, answer, setCookies: [], requestId: `dev_${asked}` }
    },
    async tell() {
      // Nobody is there to be told.
    },
  }
}

const nothing = (): Record<string, unknown> => ({})

const answers: Record<GateName, (gate: Gate) => Record<string, unknown>> = {
  connect: (gate) => {
    const name = payloadName(gate)
    return name === undefined ? {} : { name }
  },
  create_channel: () => ({ ...friendlyChannel }),
  destroy_channel: nothing,
  subscribe: nothing,
  unsubscribe: nothing,
  publish: nothing,
  message: nothing,
}

function payloadName(gate: Gate): string | undefined {
  const text = gate.form.find(([field]) => field === 'payload')?.[1] ?? 'null'
  const payload = parsePayload(text)
  if (typeof payload !== 'object' || payload === null || !Object.hasOwn(payload, 'name')) return
  const { name } = payload as { name: unknown }
  return typeof name === 'string' && isName(name) ? name : undefined
}

function parsePayload(text: string): unknown {
  try {
    return parseJson(text, { bytes: maxPayloadBytes, depth: maxJsonDepth })
  } catch (error) {
    // Whoever sends rubbish is a guest.
    if (error instanceof InvalidJson) return undefined
    throw error
  }
}
