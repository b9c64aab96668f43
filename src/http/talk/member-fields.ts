import { Refusal } from '../../core/errors.ts'
import { parseObject } from '../rest/body.ts'
import { Fields, type Given } from '../rest/fields.ts'
import { parseForm, utf8Text } from '../rest/form.ts'
import { bytesOf, type TalkCall } from './call.ts'
import { namesOf, splitNames } from './names.ts'

/** A body of which some fields are lists of names: repeated, comma separated, or lists of JSON. */
export interface MemberFields {
  readonly lists: ReadonlyMap<string, readonly string[]>
  /** Those that may be given once. */
  readonly scalars: Fields
}

/** Reads the body, of whose fields these may be lists. Throws Refusal. */
export function readMemberFields(call: TalkCall, listNames: readonly string[]): MemberFields {
  const lists = new Map<string, string[]>(listNames.map((name) => [name, []]))
  const scalars = new Fields(call.parts.settings.maxBodyBytes)
  for (const [name, given] of givenIn(call)) {
    const list = lists.get(name)
    if (list === undefined) scalars.add(name, given)
    else list.push(...(given.from === 'form' ? splitNames(given.text) : namesOf(name, given.value)))
  }
  return { lists, scalars }
}

/** Fields of a form or of JSON, by the Content-Type; an object is JSON also where nobody says so. */
function givenIn(call: TalkCall): [name: string, given: Given][] {
  const bytes = bytesOf(call)
  if (call.kind === 'multipart') {
    throw new Refusal('invalid_body', 'Send an urlencoded form or JSON, not multipart')
  }
  const text = utf8Text(bytes)
  if (text === '' || (call.kind === 'form' && !/^\s*\{/.test(text))) {
    return parseForm(bytes).map(([name, text]) => [name, { from: 'form', text }])
  }
  const object = parseObject(text, call.parts.settings.maxBodyBytes)
  return Object.entries(object).map(([name, value]) => [
    name,
    { from: 'json', value: value as unknown },
  ])
}
