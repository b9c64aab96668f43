import { Refusal } from '../../core/errors.ts'
import type { RestMethod } from './call.ts'

/** What `set_config` may name (spec/hookbox.md §6). */
const configKeys = new Set(
  [
    'cbhost cbport cbpath cb_connect cb_disconnect cb_create_channel cb_destroy_channel cb_subscribe',
    'cb_unsubscribe cb_publish cb_message cb_single_url webhook_secret api_security_token admin_password',
  ]
    .join(' ')
    .split(' '),
)

/** Methods about the server and its links. */
export const serverMethods: Record<string, RestMethod> = {
  get_server_info: async ({ operations }) => {
    const info = await operations.serverInfo()
    return { channels: info.channels, connections: info.connections }
  },

  disconnect: async ({ fields, operations }) => {
    const connection = fields.required('identifier')
    if (connection === '') throw new Refusal('missing_field', 'Missing identifier')
    await operations.disconnect(connection)
    return {}
  },

  set_config: async ({ fields, operations, addressOf, http }) => {
    const changes = fields.options()
    const unknown = Object.keys(changes).find((key) => !configKeys.has(key))
    if (unknown !== undefined) throw new Refusal('invalid_option', `Unknown option ${unknown}`)
    await operations.setConfig({ changes, address: addressOf(), method: http })
    return {}
  },
}
