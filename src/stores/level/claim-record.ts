import type { Claim } from '../aggregate/channel.ts'
import { decodeListOrRecord, encodeList } from './records.ts'

/** A publish id; its user and the id are in the key. `at` only where the entry is younger than the claim. */
type Row = [digest: string, claimed: number, offset?: number | undefined, at?: number | undefined]

/** How format 1 and 2 wrote it. */
interface OldRecord {
  readonly digest: string
  readonly claimed: number
  readonly offset?: number
  readonly at?: number
}

export function encodeClaim({ digest, claimed, done }: Claim): string {
  const row: Row = [digest, claimed]
  if (done !== undefined) row.push(done.offset)
  if (done !== undefined && done.at !== claimed) row.push(done.at)
  return encodeList(row)
}

export function decodeClaim(value: string): Claim {
  const record = decodeListOrRecord(value)
  const [digest, claimed, offset, at = claimed] = Array.isArray(record)
    ? (record as Row)
    : rowOf(record as OldRecord)
  return offset === undefined ? { digest, claimed } : { digest, claimed, done: { offset, at } }
}

function rowOf({ digest, claimed, offset, at }: OldRecord): Row {
  return [digest, claimed, offset, at]
}
