import { Refusal } from '../../core/errors.ts'
import type { RestMethod } from './call.ts'
import type { Fields } from './fields.ts'

/** Methods about one channel. */
export const channelMethods: Record<string, RestMethod> = {
  create_channel: async ({ fields, operations }) => {
    const channel = fields.name('channel_name')
    const options = fields.options('channel_name', 'send_hook')
    await operations.createChannel({ channel, options, hook: fields.hook() })
    return {}
  },

  destroy_channel: async ({ fields, operations }) => {
    await operations.destroyChannel({ channel: fields.name('channel_name'), hook: fields.hook() })
    return {}
  },

  set_channel_options: async ({ fields, operations }) => {
    const channel = fields.name('channel_name')
    await operations.setChannelOptions({ channel, options: fields.options('channel_name') })
    return {}
  },

  get_channel_info: async ({ fields, operations }) => {
    const info = await operations.channelInfo(fields.name('channel_name'))
    return { name: info.name, options: info.options, subscribers: info.subscribers }
  },

  channel_info: async ({ fields, operations }) => {
    const info = await operations.channelInfo(fields.name('channel_name'))
    return {
      channel_name: info.name,
      subscribers: info.subscribers,
      reflective: info.reflective,
      history: info.historySize,
    }
  },

  state_set_key: async ({ fields, operations }) => {
    const channel = fields.name('channel_name')
    const key = stateKey(fields)
    const value = fields.value('val')
    if (value === undefined) throw new Refusal('missing_field', 'Missing val')
    await operations.setState({ channel, key, value })
    return {}
  },

  state_delete_key: async ({ fields, operations }) => {
    const channel = fields.name('channel_name')
    await operations.deleteState({ channel, key: stateKey(fields) })
    return {}
  },
}

function stateKey(fields: Fields): string {
  const key = fields.required('key')
  if (key === '__proto__') throw new Refusal('invalid_field', 'Invalid key')
  return key
}
