import { Refusal } from '../../core/errors.ts'
import type { RestMethod } from './call.ts'
import { checkedName, type Fields } from './fields.ts'

const maxUsers = 1000
const usualPage = 100
const maxPage = 1000

/** Methods about rooms: channels with durable members (spec/hipochat.md). */
export const roomMethods: Record<string, RestMethod> = {
  room_create: async ({ fields, operations }) => {
    await operations.roomCreate({
      channel: fields.name('channel_name'),
      members: userList(fields, 'members'),
      closed: flag(fields, 'closed'),
      options: fields.options('channel_name', 'members', 'closed', 'send_hook'),
    })
    return {}
  },

  room_members: async ({ fields, operations }) => {
    const channel = fields.name('channel_name')
    const { members, next } = await operations.roomMembers({ channel, ...pageOf(fields) })
    return {
      channel_name: channel,
      members: members.map(({ user, joinedAt, read, unread }) => ({
        user,
        joined: new Date(joinedAt).toISOString(),
        read_offset: read,
        unread,
      })),
      ...(next === undefined ? {} : { next }),
    }
  },

  room_add: async ({ fields, operations }) => {
    await operations.roomAdd({ channel: fields.name('channel_name'), users: usersOf(fields) })
    return {}
  },

  room_remove: async ({ fields, operations }) => {
    await operations.roomRemove({ channel: fields.name('channel_name'), users: usersOf(fields) })
    return {}
  },

  room_unread: async ({ fields, operations }) => {
    const user = fields.name('user')
    const channel = fields.optionalName('channel_name')
    if (channel !== undefined) return operations.roomUnread({ user, channel })
    return operations.roomsUnread({ user, ...pageOf(fields) })
  },
}

function usersOf(fields: Fields): readonly string[] {
  const user = fields.optionalName('user')
  const users = [...userList(fields, 'users'), ...(user === undefined ? [] : [user])]
  if (users.length === 0) throw new Refusal('missing_field', 'Missing users')
  return [...new Set(users)]
}

/** A list of JSON, also as text; else comma separated, for names without one. */
function userList(fields: Fields, name: string): readonly string[] {
  const list = fields.jsonList(name) ?? textList(fields, name)
  if (list.length > maxUsers) {
    throw new Refusal('too_many_entries', `At most ${maxUsers} users at once`)
  }
  return list.map((user) => {
    if (typeof user === 'string') return checkedName(name, user)
    throw new Refusal('invalid_field', `${name} must be a list of strings`)
  })
}

function textList(fields: Fields, name: string): readonly unknown[] {
  const text = fields.text(name)?.trim() ?? ''
  if (text.startsWith('[')) {
    const value = fields.value(name)
    if (Array.isArray(value)) return value
  }
  return text
    .split(',')
    .map((user) => user.trim())
    .filter((user) => user !== '')
}

function flag(fields: Fields, name: string): boolean {
  const value = fields.value(name) ?? false
  if (typeof value === 'boolean') return value
  throw new Refusal('invalid_field', `${name} must be true or false`)
}

function pageOf(fields: Fields): { after?: string; limit: number } {
  const after = fields.optionalName('after')
  const text = fields.text('limit') ?? String(usualPage)
  if (!/^[0-9]{1,4}$/.test(text) || Number(text) < 1 || Number(text) > maxPage) {
    throw new Refusal('invalid_field', `limit must be a number from 1 to ${maxPage}`)
  }
  return { limit: Number(text), ...(after === undefined ? {} : { after }) }
}
