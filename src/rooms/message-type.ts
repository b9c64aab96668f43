import type { EntryDraft } from '../core/entry.ts'

const maxCharacters = 200

/** Whether a value can be a message's type: a well-formed string of 1–200 characters (spec/hipochat.md §2). */
export function isMessageType(value: unknown): value is string {
  if (typeof value !== 'string' || value === '' || value.length > 2 * maxCharacters) return false
  return value.isWellFormed() && [...value].length <= maxCharacters
}

/** Without a match an object has no key `type`: an escape may spell one. */
const mayHaveType = /\\u|"type"/

/**
 * The type of a message (spec/hipochat.md §2): what talk said, or a type that a Hookbox client's object names itself,
 * else the regular one.
 */
export function typeOfMessage(
  { type, content, encoding }: Pick<EntryDraft, 'type' | 'content' | 'encoding'>,
  regularType: string,
): string {
  if (type !== undefined) return type
  if (encoding !== 'json' || !mayHaveType.test(content)) return regularType
  const value: unknown = JSON.parse(content)
  const own =
    typeof value === 'object' && value !== null && 'type' in value ? value.type : undefined
  return isMessageType(own) ? own : regularType
}
