import type { NamePage } from '../../core/ports.ts'
import type { Tag, TagChanges, TagFilter } from '../aggregate/tags.ts'
import type { Database } from './database.ts'
import type { Group } from './engine.ts'
import { isLongTag, keys, nameOfKey, tagPrefix, under } from './keys.ts'
import { decodeRecord, encodeRecord } from './records.ts'

/** Writes the tags that a commit gives and takes. */
export function writeTags(group: Group, name: string, changes: TagChanges): void {
  for (const tag of changes.removed) group.del(keys.tag(tag, name))
  for (const tag of changes.added) {
    const { value, of } = tag
    group.put(keys.tag(tag, name), encodeRecord(isLongTag(of) ? { value, of } : { value }))
  }
}

/** All that the tags of a kind are of: one read for each, however many names bear it. */
export async function listTagged(database: Database, kind: Tag['kind']): Promise<string[]> {
  const { gte, lt } = under(`i!${kind}!`)
  const found: string[] = []
  let from = gte
  for (;;) {
    const [row] = await database.read({ gte: from, lt, limit: 1 })
    if (row === undefined) return found
    const of = row[0].slice(0, row[0].lastIndexOf('!'))
    found.push(nameOfKey(of))
    from = under(`${of}!`).lt
  }
}

/** What to list: everything with the prefix `all` (`c!`, `u!`), less what the filters leave out. */
export interface ListQuery {
  readonly all: 'c!' | 'u!'
  readonly after?: string | undefined
  readonly limit: number
  /** The first one's bearers are walked: give the narrowest first. */
  readonly filters: readonly TagFilter[]
}

/** Names in the order of their keys; reads pages of keys until one page of names is full. */
export async function listNames(database: Database, query: ListQuery): Promise<NamePage> {
  const [first] = query.filters
  const { gte, lt } = under(first === undefined ? query.all : tagPrefix(first))
  const names: string[] = []
  let from = query.after === undefined ? gte : `${gte}${keys.user(query.after).slice(2)}`
  for (;;) {
    const limit = query.limit + 1
    const rows = await database.read({ gt: from, lt, limit })
    for (const name of await matching(database, rows, query.filters)) {
      if (names.length === query.limit) return { names, next: names.at(-1) as string }
      names.push(name)
    }
    const last = rows.at(-1)
    if (last === undefined || rows.length < limit) return { names }
    from = last[0]
  }
}

async function matching(
  database: Database,
  rows: Awaited<ReturnType<Database['read']>>,
  filters: readonly TagFilter[],
): Promise<string[]> {
  let names = rows.map(([key]) => nameOfKey(key))
  for (const [index, filter] of filters.entries()) {
    const values =
      index === 0
        ? rows.map(([, value]) => value)
        : await database.getMany(names.map((name) => keys.tag(filter, name)))
    names = names.filter((_, at) => bears(values[at], filter))
  }
  return names
}

function bears(record: string | undefined, filter: TagFilter): boolean {
  if (record === undefined) return false
  if (filter.below === undefined && !isLongTag(filter.of)) return true
  const { value, of = filter.of } = decodeRecord(record) as { value: number; of?: string }
  return of === filter.of && (filter.below === undefined || value < filter.below)
}
