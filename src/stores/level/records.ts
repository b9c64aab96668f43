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

/** An entry without what its key and its log say: epoch and offset. */
export function encodeEntry(entry: Entry): string {
  const { epoch: _epoch, offset: _offset, content, ...fields } = entry
  return encodeText(fields, content)
}

/** The entry at a place of a log. */
export function decodeEntry(value: string, place: { epoch: string; offset: number }): Entry {
  const { fields, text } = decodeText(value)
  const { v: _version, ...rest } = fields as Omit<Entry, 'content' | 'epoch' | 'offset'> & {
    v: number
  }
  return { ...rest, ...place, content: text }
}
