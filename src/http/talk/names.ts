import { Refusal } from '../../core/errors.ts'
import { isName } from '../../core/names.ts'
import type { TalkCall } from './call.ts'

/** Attack: each name costs a write, each token a question to the app. */
const maxNames = 1000

/** A user as Offhook knows it, by the name that the app gave (--talk-user-prefix). Throws Refusal `invalid_name`. */
export function appUser({ parts }: TalkCall, name: string): string {
  const user = `${parts.settings.talkUserPrefix}${name}`
  if (name === '' || !isName(user)) throw new Refusal('invalid_name', 'Invalid user name')
  return user
}

/** Refuses more than may come in one call. */
export function checkCount(names: readonly string[]): void {
  if (names.length <= maxNames) return
  throw new Refusal('too_many_entries', `At most ${maxNames} at once`)
}

/** Items of a field that is repeated or comma separated; the spaces around them are nobody's name. */
export function splitNames(text: string): string[] {
  return text
    .split(',')
    .map(withoutOuterSpaces)
    .filter((item) => item !== '')
}

/** Attack: a megabyte of spaces inside an item, for which a regular expression would take minutes. */
function withoutOuterSpaces(item: string): string {
  let start = 0
  let end = item.length
  while (start < end && item[start] === ' ') start += 1
  while (end > start && item[end - 1] === ' ') end -= 1
  return item.slice(start, end)
}

/** Items of a list in JSON; apps may count their users. Throws Refusal `invalid_field`. */
export function namesOf(field: string, value: unknown): string[] {
  if (value === undefined || value === null) return []
  if (typeof value === 'string') return splitNames(value)
  if (!Array.isArray(value)) throw new Refusal('invalid_field', `${field} must be a list`)
  return value.map((name: unknown) => {
    if (typeof name === 'string' && name !== '') return name
    if (Number.isSafeInteger(name)) return String(name)
    throw new Refusal('invalid_field', `${field} must be a list of strings`)
  })
}
