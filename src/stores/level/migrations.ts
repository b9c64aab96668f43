import { type Database, scan } from './database.ts'
import { keys, nameOfKey, placeOfKey, under } from './keys.ts'
import { encodeRecord } from './records.ts'

/**
 * Steps from each older version of the folder's format to the next. A step may be cut short by a crash and then runs
 * again from the start, so it must not mind what it has done already.
 */
export type Migrations = ReadonlyMap<number, (database: Database) => Promise<void>>

/**
 * 1 to 2: dead notices get a place in the order of their dying. Rooms came with version 2 as well: they change no
 * older record, but an Offhook that does not know them would destroy them as empty channels.
 *
 * 2 to 3: entries and publish ids are written as lists. The older ones are read as they are; an Offhook that does not know
 * lists could not read the newer ones.
 */
export const migrations: Migrations = new Map([
  [1, placeDeadNotices],
  [2, async () => undefined],
])

async function placeDeadNotices(database: Database): Promise<void> {
  const placed = new Set<string>()
  let place = 0
  await scan(database, under('y!'), (key) => {
    placed.add(nameOfKey(key))
    place = placeOfKey(key)
  })
  const ids: string[] = []
  await scan(database, under('x!'), (key) => {
    const id = nameOfKey(key)
    if (!placed.has(id)) ids.push(id)
  })
  const writes = ids.map((id) => {
    place += 1
    return { type: 'put', key: keys.deadPlace(place, id), value: encodeRecord({}) } as const
  })
  if (writes.length > 0) await database.write(writes)
}
