import { Failure } from '../../core/errors.ts'

/**
 * Values of the embedded store: a JSON object with the format's version `v`; long texts follow it unescaped. Entries and
 * publish ids, of which there are most by far, are lists (entry-record.ts, claim-record.ts).
 */

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
  return withText(encodeRecord(fields), text)
}

/** The two parts of `encodeText`. */
export function decodeText(value: string): { readonly fields: unknown; readonly text: string } {
  const { record, text } = splitText(value)
  return { fields: decodeRecord(record), text }
}

/** A record's JSON, which has no line break, and the text behind it. */
export function withText(record: string, text: string): string {
  return `${record}\n${text}`
}

/** The two parts of `withText`. */
export function splitText(value: string): { readonly record: string; readonly text: string } {
  const end = value.indexOf('\n')
  return { record: value.slice(0, end), text: value.slice(end + 1) }
}

/**
 * A list in place of an object, for records that are written with each publish: half the bytes, in two thirds of the time.
 * Decoders tell both apart, for folders of format 1 and 2 have objects.
 */
export function encodeList(fields: readonly unknown[]): string {
  return JSON.stringify(fields)
}

/** The list, or the fields of a record that an older Offhook wrote. */
export function decodeListOrRecord(text: string): readonly unknown[] | object {
  return text.startsWith('[') ? (JSON.parse(text) as unknown[]) : (decodeRecord(text) as object)
}
