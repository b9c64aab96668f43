import type { Entry } from '../../core/entry.ts'
import { Failure } from '../../core/errors.ts'

/** Values of the embedded store: JSON with the format's version `v`; long texts follow it unescaped. */

/** The version of the records that this code writes. */
const recordVersion = 1

/** A record as JSON text. */
export function encodeRecord(fields: object): string {
  return JSON.stringify({ v: recordVersion, ...fields })
}

/** The record's fields; trusts what this store has written itself. */
export function decodeRecord(text: string): unknown {
  const record = JSON.parse(text) as { v: unknown }
  if (record.v !== recordVersion)
    throw new Failure('store', `a record of unknown version ${String(record.v)}`)
  return record
}

/** Fields on the first line, a text of any kind after it: content is never escaped nor parsed. */
export function encodeText(fields: object, text: string): string {
  return `${encodeRecord(fields)}\n${text}`
}

/** The two parts of `encodeText`. */
export function decodeText(value: string): { readonly fields: unknown; readonly text: string } {
  const end = value.indexOf('\n')
  return { fields: decodeRecord(value.slice(0, end)), text: value.slice(end + 1) }
}

/** What a log's record says of an entry: all but its content, and what key and log say already. */
type EntryHeader = {
  [Field in Exclude<keyof Entry, 'epoch' | 'offset' | 'content'>]: Entry[Field] | undefined
}

/** An entry as a value. Named field by field, as this is the hot path; the type sees that none is missing. */
export function encodeEntry(entry: Entry): string {
  const header: EntryHeader & { v: number } = {
    v: recordVersion,
    kind: entry.kind,
    type: entry.type,
    id: entry.id,
    at: entry.at,
    author: entry.author,
    omit: entry.omit,
    encoding: entry.encoding,
    given: entry.given,
    count: entry.count,
  }
  return `${JSON.stringify(header)}\n${entry.content}`
}

/** The entry at a place of a log. */
export function decodeEntry(value: string, place: { epoch: string; offset: number }): Entry {
  const { fields, text } = decodeText(value)
  const { v: _version, ...rest } = fields as Omit<Entry, 'content' | 'epoch' | 'offset'> & {
    v: number
  }
  return { ...rest, ...place, content: text }
}
