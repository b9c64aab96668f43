import { z } from 'zod'
import { describeIssue } from './channel-options.ts'
import { Refusal } from './errors.ts'
import { isName } from './names.ts'
import { defaultUserOptions, type UserOptions } from './options.ts'

const flag = z.boolean('must be true or false')

const schema = z
  .strictObject({
    reflective: flag,
    moderated_message: flag,
    per_connection_subscriptions: flag,
    global_unsubscriptions: flag,
    auto_subscribe: z.array(z.string().refine(isName, 'must be a name'), 'must be a list of names'),
  })
  .partial()

/**
 * User options from the app, each unset one at its value in `base` (spec/hookbox.md §4). Hook answers hold other
 * keys beside them; REST may not. Throws Refusal `invalid_option`.
 */
export function parseUserOptions(
  input: Readonly<Record<string, unknown>>,
  unknown: 'ignore unknown' | 'refuse unknown',
  base: UserOptions = defaultUserOptions,
): UserOptions {
  const known = unknown === 'refuse unknown' ? input : pickOptions(input)
  const result = schema.safeParse(known)
  if (!result.success) throw new Refusal('invalid_option', describeIssue(result.error))
  if (Object.hasOwn(known, '__proto__')) {
    throw new Refusal('invalid_option', 'Unknown option __proto__')
  }
  const { data } = result
  return {
    reflective: data.reflective ?? base.reflective,
    moderated_message: data.moderated_message ?? base.moderated_message,
    per_connection_subscriptions:
      data.per_connection_subscriptions ?? base.per_connection_subscriptions,
    global_unsubscriptions: data.global_unsubscriptions ?? base.global_unsubscriptions,
    auto_subscribe: data.auto_subscribe ?? base.auto_subscribe,
  }
}

/** `auto_subscribe` of an answer is a list to carry out: what is wrong in it is its own matter. */
function pickOptions(input: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const known: Record<string, unknown> = {}
  for (const key of Object.keys(defaultUserOptions)) {
    if (key !== 'auto_subscribe' && Object.hasOwn(input, key)) known[key] = input[key]
  }
  const list = input['auto_subscribe']
  if (Array.isArray(list)) {
    known['auto_subscribe'] = list.filter((item) => typeof item === 'string' && isName(item))
  }
  return known
}
