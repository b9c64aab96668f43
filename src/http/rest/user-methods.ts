import { Refusal } from '../../core/errors.ts'
import type { RestMethod } from './call.ts'
import type { Fields } from './fields.ts'

/** Methods about one user. */
export const userMethods: Record<string, RestMethod> = {
  subscribe: async ({ fields, operations }) => {
    await operations.subscribe(membership(fields))
    return {}
  },

  unsubscribe: async ({ fields, operations }) => {
    await operations.unsubscribe(membership(fields))
    return {}
  },

  get_user_info: async ({ fields, operations }) => {
    const info = await operations.userInfo(fields.name('user_name'))
    return {
      name: info.name,
      channels: info.channels,
      connections: info.connections,
      options: info.options,
    }
  },

  set_user_options: async ({ fields, operations }) => {
    const user = fields.name('user_name')
    await operations.setUserOptions({ user, options: fields.options('user_name') })
    return {}
  },

  disconnect_user: async ({ fields, operations }) => {
    await operations.disconnectUser(fields.name('name'))
    return {}
  },
}

function membership(fields: Fields): { channel: string; user: string; hook: 'ask' | 'skip' } {
  return { channel: fields.name('channel_name'), user: userName(fields), hook: fields.hook() }
}

/** `name`, or as `user`: the same thing. */
function userName(fields: Fields): string {
  const user = fields.optionalName('user')
  const name = fields.optionalName('name')
  if (user !== undefined && name !== undefined && user !== name) {
    throw new Refusal('repeated_field', 'name and user differ')
  }
  return user ?? fields.name('name')
}
