import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Database, levelDatabase } from './database.ts'

let folder: string
let database: Database

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offhook-database-'))
  database = levelDatabase(folder)
  await database.open()
})

afterEach(async () => {
  await database.close()
  await rm(folder, { recursive: true })
})

/** Writes so many rows of so many characters; their keys in order. */
async function fill(count: number, length: number): Promise<string[]> {
  const keys = Array.from({ length: count }, (_, i) => `k${String(i).padStart(6, '0')}`)
  const value = 'v'.repeat(length)
  await database.write(keys.map((key) => ({ type: 'put', key, value })))
  return keys
}

async function keysOf(range: { limit?: number; reverse?: true } = {}): Promise<string[]> {
  return (await database.read({ gte: 'k', lt: 'l', ...range })).map(([key]) => key)
}

it.each([
  [0, 10],
  [15, 10],
  [16, 10],
  [17, 10],
  [2500, 10],
  // LevelDB answers large ones in parts: a short part is not the end.
  [40, 9000],
  [5, 100_000],
])('reads all of %i rows of %i characters', async (count, length) => {
  const keys = await fill(count, length)
  expect(await keysOf()).toEqual(keys)
  expect(await keysOf({ reverse: true })).toEqual(keys.toReversed())
})

it.each([1, 16, 17, 39, 41])('reads %i rows at most where it is told so', async (limit) => {
  const keys = await fill(40, 3000)
  expect(await keysOf({ limit })).toEqual(keys.slice(0, limit))
})
