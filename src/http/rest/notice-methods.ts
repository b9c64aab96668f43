import { Refusal } from '../../core/errors.ts'
import type { RestMethod } from './call.ts'
import type { Fields } from './fields.ts'

const defaultLimit = 100
const maxLimit = 1000

/** Methods about what the app was to be told and did not take: disconnect notices, pushes. */
export const noticeMethods: Record<string, RestMethod> = {
  notices: async ({ fields, operations }) => {
    const after = fields.text('after')
    const page = await operations.notices({
      limit: limitOf(fields),
      ...(after === undefined || after === '' ? {} : { after: checkedWord('after', after) }),
    })
    const { notices, next, waiting, dead } = page
    return { notices, ...(next === undefined ? {} : { next }), waiting, dead }
  },

  replay_notice: async ({ fields, operations }) => {
    const id = fields.required('id')
    if (id === '') throw new Refusal('missing_field', 'Missing id')
    await operations.replayNotice(checkedWord('id', id))
    return { replayed: true }
  },
}

function limitOf(fields: Fields): number {
  const text = fields.text('limit')
  if (text === undefined || text === '') return defaultLimit
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0
  if (limit >= 1 && limit <= maxLimit) return limit
  throw new Refusal('invalid_field', `limit must be a whole number from 1 to ${maxLimit}`)
}

/** Ids and cursors are Offhook's own: whatever else comes stands for nothing, and is not repeated in an answer. */
function checkedWord(field: string, text: string): string {
  if (!/^[\w.:-]{1,200}$/.test(text)) throw new Refusal('invalid_field', `Invalid ${field}`)
  return text
}
