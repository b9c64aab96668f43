import { Refusal } from '../../core/errors.ts'
import type { RestCall, RestMethod } from './call.ts'
import { checkedName, type Fields } from './fields.ts'
import type { RestPublish } from './operations.ts'
import { publishBatch } from './publish-batch.ts'

const maxChannels = 1000

/** Methods that publish. */
export const publishMethods: Record<string, RestMethod> = {
  publish: (call) =>
    call.operations.publish({
      channel: call.fields.name('channel_name'),
      ifMissing: call.ifMissing,
      ...publishFields(call.fields),
    }),

  publish_multi: publishMulti,

  publish_batch: publishBatch,

  message: async ({ fields, operations }) => {
    await operations.message({
      sender: fields.name('sender_name'),
      recipient: fields.name('recipient_name'),
      payload: fields.jsonText('payload'),
      hook: fields.hook(),
    })
    return {}
  },
}

type PublishFields = Omit<RestPublish, 'channel' | 'ifMissing'>

function publishFields(fields: Fields): PublishFields {
  const id = fields.text('id')
  return {
    payload: fields.jsonText('payload'),
    originator: fields.optionalName('originator') ?? null,
    hook: fields.hook(),
    ...(id === undefined ? {} : { id }),
  }
}

/** To those that exist. All are tried; the first that failed for another reason is the answer. */
async function publishMulti({ fields, operations }: RestCall): Promise<object> {
  const channels = channelNames(fields)
  const common = publishFields(fields)
  const results = await Promise.allSettled(
    channels.map((channel) => operations.publish({ channel, ifMissing: 'ignore', ...common })),
  )
  for (const [i, result] of results.entries()) {
    if (result.status === 'fulfilled') continue
    if (!(result.reason instanceof Refusal)) throw result.reason
    throw new Refusal(result.reason.code, `${channels[i]}: ${result.reason.message}`)
  }
  return {}
}

/** Comma separated, or in a JSON body a list. */
function channelNames(fields: Fields): string[] {
  const names = listOf(fields, 'channel_names').filter((name) => name !== '')
  if (names.length === 0) throw new Refusal('missing_field', 'Missing channel_names')
  if (names.length > maxChannels) {
    throw new Refusal('too_many_entries', `At most ${maxChannels} channels at once`)
  }
  return [...new Set(names)].map((name) => checkedName('channel_names', name))
}

function listOf(fields: Fields, name: string): string[] {
  const list = fields.jsonList(name)
  if (list === undefined) return (fields.text(name) ?? '').split(',').map((item) => item.trim())
  return list.map((item) => {
    if (typeof item === 'string') return item
    throw new Refusal('invalid_field', `${name} must be a list of strings`)
  })
}
