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
  const items = text.split(',').map((item) => item.replace(/^ +| +$/g, ''))
  return items.filter((item) => item !== '')
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
