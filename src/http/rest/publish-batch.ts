import { Refusal } from '../../core/errors.ts'
import { faultText } from './answer.ts'
import type { RestCall } from './call.ts'
import { Fields } from './fields.ts'
import type { RestPublish } from './operations.ts'

const maxEntries = 1000

/** One entry's outcome. */
type EntryResult =
  | { readonly ok: true; readonly offset?: number; readonly epoch?: string }
  | { readonly ok: false; readonly error: string }

/**
 * `publish_batch`: one result per entry, in order. Entries of one channel are published one after the other, so that
 * their order is kept; channels do not wait for each other. An entry that is refused stops no other.
 */
export async function publishBatch(call: RestCall): Promise<{ results: EntryResult[] }> {
  const entries = entriesOf(call.fields)
  const results = new Array<EntryResult>(entries.length)
  const lanes = new Map<string, { command: RestPublish; index: number }[]>()
  for (const [index, entry] of entries.entries()) {
    const command = commandOf(entry, call)
    if (command instanceof Refusal) {
      results[index] = { ok: false, error: command.message }
      continue
    }
    const lane = lanes.get(command.channel)
    if (lane === undefined) lanes.set(command.channel, [{ command, index }])
    else lane.push({ command, index })
  }
  const publishLane = async (lane: { command: RestPublish; index: number }[]): Promise<void> => {
    for (const { command, index } of lane) results[index] = await publishOne(command, call)
  }
  await Promise.all([...lanes.values()].map(publishLane))
  return { results }
}

async function publishOne(command: RestPublish, call: RestCall): Promise<EntryResult> {
  try {
    const { offset, epoch } = await call.operations.publish(command)
    return {
      ok: true,
      ...(offset === undefined ? {} : { offset }),
      ...(epoch === undefined ? {} : { epoch }),
    }
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, error: error.message }
    return { ok: false, error: faultText(error, call.report) }
  }
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

function commandOf(entry: unknown, call: RestCall): RestPublish | Refusal {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) {
    return new Refusal('invalid_field', 'An entry must be an object')
  }
  try {
    const fields = Fields.ofObject(entry)
    const id = fields.text('id')
    return {
      channel: fields.name('channel_name'),
      payload: fields.jsonText('payload'),
      originator: fields.optionalName('originator') ?? null,
      hook: 'skip',
      ifMissing: call.ifMissing,
      ...(id === undefined ? {} : { id }),
    }
  } catch (error) {
    if (error instanceof Refusal) return error
    throw error
  }
}
