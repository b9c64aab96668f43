import { isName } from '../core/names.ts'
import type { Profile } from '../core/ports.ts'
import { createScrub } from './scrub.ts'
import type { ProfileSettings } from './settings.ts'

/** What decides who somebody is, and what others see of them. */
type ProfileRules = Pick<ProfileSettings, 'talkUserKey' | 'talkUserPrefix' | 'talkProfileFields'>

/** The user that an object names, or what to change in it. */
export type ReadProfile = { readonly profile: Profile } | { readonly hint: string }

const userKeys = ['id', 'user_id', 'username', 'name', 'email']
const nameKeys = ['name', 'username', 'email']
const secretKeys = /(token|password|secret)$/i

type Fields = Readonly<Record<string, unknown>>

/** Reads who the app says that a token belongs to, and what of it others may see (spec/hipochat.md §1). */
export function readProfile(object: Fields, token: string, rules: ProfileRules): ReadProfile {
  const user = readUser(object, rules)
  if ('hint' in user) return user
  const holdsToken = tokenSearch(token)
  // The user itself may be the token, where an app under development has nothing better.
  const name = nameKeys
    .map((key) => own(object, key))
    .find((value) => typeof value === 'string' && value !== '' && !holdsToken(value))
  const info = JSON.stringify(publicFields(object, rules.talkProfileFields, holdsToken))
  return {
    profile: {
      user: `${rules.talkUserPrefix}${user.name}`,
      name: typeof name === 'string' ? name : user.name,
      info,
    },
  }
}

/**
 * The first key that holds a text or a number decides: were an unfit one passed over, somebody could be taken for the
 * user whose id is like the name that they chose.
 */
function readUser(
  object: Fields,
  { talkUserKey, talkUserPrefix }: ProfileRules,
): { readonly name: string } | { readonly hint: string } {
  const keys = talkUserKey === '' ? userKeys : [talkUserKey]
  const key = keys.find((one) => isGiven(own(object, one)))
  if (key === undefined)
    return {
      hint: `Name the user by a text or an integer in ${keys.join(', ')} (--talk-user-key).`,
    }
  const value = own(object, key)
  if (typeof value === 'number' && !Number.isSafeInteger(value))
    return { hint: `${key} is no integer that JSON carries exactly: send it as a text.` }
  const name = String(value)
  if (!isName(`${talkUserPrefix}${name}`))
    return { hint: `${key} must be 1 to 200 characters, none of them a control character.` }
  return { name }
}

/** Whether a value, or a key, holds the token in any spelling in which a link or a page may. */
type HoldsToken = (value: unknown) => boolean

function tokenSearch(token: string): HoldsToken {
  const scrub = createScrub([token])
  return (value) => {
    if (typeof value === 'number') return String(value) === token
    return typeof value === 'string' && scrub(value) !== value
  }
}

function isGiven(value: unknown): boolean {
  return typeof value === 'number' || (typeof value === 'string' && value !== '')
}

/** Entries in, entries out: `__proto__` is a key as any other. */
function publicFields(object: Fields, fields: readonly string[], holdsToken: HoldsToken): object {
  const isAll = fields.includes('*')
  const named = new Set(fields)
  const isPublic = (key: string): boolean =>
    // What a setting names is no token, however alike.
    named.has(key) || (isAll && !secretKeys.test(key) && !holdsToken(key))
  return cleanObject(object, { isPublic, holdsToken })
}

interface Cleaning {
  readonly isPublic: (key: string) => boolean
  readonly holdsToken: HoldsToken
}

function cleanObject(object: object, { isPublic, holdsToken }: Cleaning): object {
  const entries = Object.entries(object)
    .filter(([key, value]) => isPublic(key) && !holdsToken(value))
    .map(([key, value]) => [key, cleanValue(value, holdsToken)] as const)
  return Object.fromEntries(entries)
}

/** Below the first level no setting names a key, so secrets are known by their names only. The parser bounds the depth. */
function cleanValue(value: unknown, holdsToken: HoldsToken): unknown {
  if (Array.isArray(value))
    return value.filter((item) => !holdsToken(item)).map((item) => cleanValue(item, holdsToken))
  if (typeof value !== 'object' || value === null) return value
  return cleanObject(value, {
    isPublic: (key) => !secretKeys.test(key) && !holdsToken(key),
    holdsToken,
  })
}

function own(object: Fields, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined
}
