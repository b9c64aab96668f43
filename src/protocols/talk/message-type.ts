const maxCharacters = 200

/** Whether a value can be a message's type: a well-formed string of 1–200 characters (spec/hipochat.md §2). */
export function isMessageType(value: unknown): value is string {
  if (typeof value !== 'string' || value === '' || value.length > 2 * maxCharacters) return false
  return value.isWellFormed() && [...value].length <= maxCharacters
}
