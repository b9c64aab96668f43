import { Refusal } from '../../core/errors.ts'
import { faultText } from './answer.ts'
import type { RestCall } from './call.ts'
import { type Fields, presentName, requiredName, scalarText } from './fields.ts'
import type { RestOutcome, RestPublish } from './operations.ts'

const maxEntries = 1000

/** One entry's outcome. */
type EntryResult =
  | { readonly ok: true; readonly offset?: number; readonly epoch?: string }
  | { readonly ok: false; readonly error: string }

/** `publish_batch`: one result per entry, in order. An entry that is refused stops no other. */
export async function publishBatch(call: RestCall): Promise<{ results: EntryResult[] }> {
  const read = entriesOf(call.fields).map((entry) => commandOf(entry, call))
  const commands = read.filter(isPublish)
  const outcomes = await call.operations.publishBatch(commands)
  let next = 0
  const results = read.map((command) => {
    if (command instanceof Refusal) return refused(command)
    const outcome = outcomes[next]
    next += 1
    return resultOf(outcome as RestOutcome, call)
  })
  return { results }
}

function resultOf(outcome: RestOutcome, call: RestCall): EntryResult {
  if ('published' in outcome) {
    const { offset, epoch } = outcome.published
    return offset === undefined || epoch === undefined ? { ok: true } : { ok: true, offset, epoch }
  }
  const { error } = outcome
  if (error instanceof Refusal) return refused(error)
  return { ok: false, error: faultText(error, call.report) }
}

function isPublish(command: RestPublish | Refusal): command is RestPublish {
  return !(command instanceof Refusal)
}

function refused(refusal: Refusal): EntryResult {
  return { ok: false, error: refusal.message }
}

function entriesOf(fields: Fields): readonly unknown[] {
  const entries = fields.value('entries')
  if (entries === undefined) throw new Refusal('missing_field', 'Missing entries')
  if (!Array.isArray(entries)) throw new Refusal('invalid_field', 'entries must be a list')
  if (entries.length > maxEntries) {
    throw new Refusal('too_many_entries', `At most ${maxEntries} entries at once`)
  }
  return entries
}

/** Read without the detour over Fields: a batch has many. */
function commandOf(entry: unknown, call: RestCall): RestPublish | Refusal {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry))
    return new Refusal('invalid_field', 'An entry must be an object')
  const { channel_name, payload, originator, id } = entry as Readonly<Record<string, unknown>>
  try {
    const publishId = scalarText('id', id)
    const command: RestPublish = {
      channel: requiredName('channel_name', scalarText('channel_name', channel_name)),
      payload: payload === undefined ? 'null' : JSON.stringify(payload),
      originator: presentName('originator', scalarText('originator', originator)) ?? null,
      hook: 'skip',
      ifMissing: call.ifMissing,
    }
    return publishId === undefined ? command : { ...command, id: publishId }
  } catch (error) {
    if (error instanceof Refusal) return error
    throw error
  }
}
