import { type ChannelPatch, parseChannelOptions } from './channel-options.ts'
import type { Core } from './core.ts'
import { Failure, Refusal } from './errors.ts'
import { InvalidJson, maxJsonDepth, parseJson } from './json.ts'
import { publish } from './operations/publish.ts'
import { applyPatch } from './operations/set-channel-options.ts'
import type { PollingOptions } from './options.ts'

/** One poll of a channel: fetches, applies options, publishes. Throws where the answer is no use. */
export async function pollOnce(
  core: Core,
  channel: string,
  polling: PollingOptions,
): Promise<void> {
  if (polling.mode === 'simple') await pollSimple(core, channel, polling)
  else await pollPersistent(core, channel, polling)
}

async function pollSimple(core: Core, channel: string, polling: PollingOptions): Promise<void> {
  const body = await fetchBody(core, { method: 'GET', polling })
  await publishAs(core, channel, {
    originator: polling.originator,
    payload: bodyToPayload(core, body),
  })
}

async function pollPersistent(core: Core, channel: string, polling: PollingOptions): Promise<void> {
  const body = await fetchBody(core, { method: 'POST', polling })
  const answer = readAnswer(core, body)
  const { payload, ...options } = answer
  const patch = await readOptions(core, channel, options)
  const ends = polling.mode === 'once' && patch?.polling === undefined
  const applied: ChannelPatch | undefined = ends
    ? { options: {}, ...patch, polling: { mode: '' } }
    : patch
  if (applied !== undefined) await applyPatch(core, channel, applied)
  if (payload === undefined) return
  await publishAs(core, channel, {
    originator: polling.originator,
    payload: JSON.stringify(payload),
  })
}

/** The options of an answer; refused ones do not stop it. */
async function readOptions(
  core: Core,
  channel: string,
  options: Readonly<Record<string, unknown>>,
): Promise<ChannelPatch | undefined> {
  if (Object.keys(options).length === 0) return undefined
  try {
    const patch = parseChannelOptions(options, core.settings)
    await core.pollers.check(channel, patch)
    return patch
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    core.telemetry.event('polling options refused', { channel, reason: error.message })
    return undefined
  }
}

async function fetchBody(
  core: Core,
  request: { method: 'GET' | 'POST'; polling: PollingOptions },
): Promise<string> {
  const { method, polling } = request
  const answer = await core.web.fetch({
    method,
    url: polling.url,
    ...(method === 'POST'
      ? {
          form: Object.entries(polling.form).map(([key, value]) => [key, String(value)] as const),
        }
      : {}),
    maxBytes: core.settings.maxFrameBytes,
  })
  if (answer.status !== 200) throw new Failure('polling', `answered status ${answer.status}`)
  return answer.body
}

/** The body as JSON where it is JSON, else as text. */
function bodyToPayload(core: Core, body: string): string {
  try {
    parseJson(body, { bytes: core.settings.maxFrameBytes, depth: maxJsonDepth })
    return body.replace(/[\r\n]+/g, ' ').trim()
  } catch (error) {
    if (!(error instanceof InvalidJson)) throw error
    return JSON.stringify(body.toWellFormed())
  }
}

function readAnswer(core: Core, body: string): Record<string, unknown> {
  const answer = parseJson(body, { bytes: core.settings.maxFrameBytes, depth: maxJsonDepth })
  const list: readonly unknown[] = Array.isArray(answer) ? answer : []
  const [allowed, fields] = list
  const isObject = typeof fields === 'object' && fields !== null && !Array.isArray(fields)
  if (list.length !== 2 || !isObject) throw new Failure('polling', 'answer is not [true, {…}]')
  if (!allowed) throw new Failure('polling', 'answered false')
  return fields as Record<string, unknown>
}

async function publishAs(
  core: Core,
  channel: string,
  entry: { originator: string; payload: string },
): Promise<void> {
  await publish(
    core,
    { kind: 'app', originator: entry.originator, hook: 'skip' },
    { channel, payload: entry.payload },
  )
}
