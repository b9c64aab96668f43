import type { Author, Entry } from '../../core/entry.ts'
import { decodeListOrRecord, encodeList, splitText, withText } from './records.ts'

/** What an entry's record says: all but its content, which follows, and what key and log say already. */
type Recorded = Omit<Entry, 'epoch' | 'offset' | 'content'>

/** What few entries have. */
type Rare = Pick<Recorded, 'type' | 'omit' | 'given'> &
  Pick<Author, 'name' | 'info'> & { readonly encoding?: Entry['encoding'] }

/** What every entry has. An author without a name (`anonymous`) is 0, for `null` is the app. */
type Common = [
  kind: Recorded['kind'],
  id: string,
  at: number,
  count: number,
  user: string | null | 0,
]

type Row = [...Common, connection?: string | 0, rare?: Rare]

/** An entry as a value: a list on the first line, its content after it. */
export function encodeEntry(entry: Entry): string {
  const { user = 0, connection } = entry.author
  const row: Row = [entry.kind, entry.id, entry.at, entry.count, user]
  const rare = rareOf(entry)
  if (rare !== undefined) row.push(connection ?? 0, rare)
  else if (connection !== undefined) row.push(connection)
  return withText(encodeList(row), entry.content)
}

/** The entry at a place of a log. */
export function decodeEntry(value: string, place: { epoch: string; offset: number }): Entry {
  const { record: json, text: content } = splitText(value)
  const record = decodeListOrRecord(json)
  if (Array.isArray(record)) return { ...recordedOf(record as Row), ...place, content }
  const { v: _version, ...recorded } = record as Recorded & { v: number }
  return { ...recorded, ...place, content }
}

function rareOf(entry: Entry): Rare | undefined {
  const { type, omit, given, encoding } = entry
  const { name, info } = entry.author
  if ((type ?? omit ?? given ?? name ?? info) === undefined && encoding === 'json') return undefined
  return { type, omit, given, name, info, ...(encoding !== 'json' && { encoding }) } as Rare
}

function recordedOf([kind, id, at, count, user, connection = 0, rare = {}]: Row): Recorded {
  const { name, info, encoding = 'json', ...others } = rare
  const author: Author = {
    ...(user !== 0 && { user }),
    ...(connection !== 0 && { connection }),
    ...(name !== undefined && { name }),
    ...(info !== undefined && { info }),
  }
  return { kind, id, at, author, encoding, count, ...others }
}
