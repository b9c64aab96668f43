import { Failure } from '../../core/errors.ts'
import type { Database } from './database.ts'
import { keys } from './keys.ts'
import { type Migrations, migrations } from './migrations.ts'

/** The version of the folder's format that this code reads and writes. */
const formatVersion = 3

/** Marks a new folder, migrates an older one, refuses a newer one. */
export async function checkFormat(
  database: Database,
  steps: { readonly current: number; readonly migrations: Migrations } = {
    current: formatVersion,
    migrations,
  },
): Promise<void> {
  const text = await database.get(keys.format)
  if (text === undefined) return begin(database, steps.current)
  const found = (JSON.parse(text) as { v: number }).v
  if (found > steps.current)
    throw new Failure(
      'store',
      `the data has format version ${found}, and this Offhook knows versions up to ${steps.current}: use a newer Offhook`,
    )
  for (let version = found; version < steps.current; version += 1) {
    const step = steps.migrations.get(version)
    if (step === undefined)
      throw new Failure(
        'store',
        `the data has format version ${found}, from which this Offhook (version ${steps.current}) cannot go on`,
      )
    await step(database)
    await writeFormat(database, version + 1)
  }
}

async function begin(database: Database, version: number): Promise<void> {
  const [stranger] = await database.read({ gte: '', lt: '\u{10ffff}', limit: 1 })
  if (stranger !== undefined)
    throw new Failure('store', 'the folder holds a database that is not Offhook’s')
  await writeFormat(database, version)
}

function writeFormat(database: Database, v: number): Promise<void> {
  return database.write([{ type: 'put', key: keys.format, value: JSON.stringify({ v }) }])
}
