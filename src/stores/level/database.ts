import { ClassicLevel, type Iterator } from 'classic-level'
import { Failure } from '../../core/errors.ts'

/** One write of a batch. */
export type Write =
  | { readonly type: 'put'; readonly key: string; readonly value: string }
  | { readonly type: 'del'; readonly key: string }

/** Keys to read, in order. */
export interface KeyRange {
  /** Exactly one of the two. */
  readonly gte?: string
  readonly gt?: string
  readonly lt: string
  readonly limit?: number
  readonly reverse?: true
}

/** The ordered key-value store that the level adapter stands on. All rejections are Failures of stage `store`. */
export interface Database {
  open(): Promise<void>
  close(): Promise<void>
  get(key: string): Promise<string | undefined>
  /** Blocks the event loop: only where a miss, answered from memory, is the rule. */
  getSync(key: string): string | undefined
  getMany(keys: readonly string[]): Promise<readonly (string | undefined)[]>
  read(range: KeyRange): Promise<readonly (readonly [key: string, value: string])[]>
  /** All writes or none, on disk when it resolves. */
  write(writes: readonly Write[]): Promise<void>
  /** Deletes a range; may be lost in a crash. */
  clear(range: KeyRange): Promise<void>
}

/** Twice the default: records are short, and blocks of so many of them are smaller and no slower to read (016). */
const blockBytes = 8192

/** LevelDB in a folder. */
export function levelDatabase(folder: string): Database {
  const db = new ClassicLevel<string, string>(folder, {
    keyEncoding: 'utf8',
    valueEncoding: 'utf8',
    blockSize: blockBytes,
  })
  const attempt = async <T>(act: () => Promise<T>): Promise<T> => {
    try {
      return await act()
    } catch (error) {
      throw storeFailure(folder, error)
    }
  }
  return {
    open: () => attempt(() => db.open()),
    close: () => attempt(() => db.close()),
    get: (key) => attempt(() => db.get(key)),
    getSync: (key) => db.getSync(key),
    getMany: (keys) => attempt(() => db.getMany([...keys])),
    read: (range) => attempt(() => readAll(db.iterator(range))),
    // A chained batch takes a third less of the event loop than a list of operations does.
    write: (writes) =>
      attempt(() => {
        const batch = db.batch()
        for (const write of writes) {
          if (write.type === 'put') batch.put(write.key, write.value)
          else batch.del(write.key)
        }
        return batch.write({ sync: true })
      }),
    clear: (range) => attempt(() => db.clear(range)),
  }
}

type Rows = Iterator<ClassicLevel<string, string>, string, string>

/** Most reads find few rows: LevelDB takes 64 bytes at once for each that it is asked for, also where there is none. */
const firstRows = 16
const furtherRows = 1000

async function readAll(iterator: Rows): Promise<readonly (readonly [string, string])[]> {
  try {
    const rows = await iterator.nextv(firstRows)
    // Fewer than asked for is not the end: large ones come in smaller parts. After the end there is no more to wait for.
    for (let more = rows; more.length > 0; ) {
      more = await iterator.nextv(furtherRows)
      for (const row of more) rows.push(row)
    }
    return rows
  } finally {
    await iterator.close()
  }
}

/** Walks a range of any size, a page at a time. */
export async function scan(
  database: Database,
  range: { readonly gte: string; readonly lt: string },
  each: (key: string, value: string) => void,
): Promise<void> {
  let next: KeyRange = range
  for (;;) {
    const rows = await database.read({ ...next, limit: 1000 })
    for (const [key, value] of rows) each(key, value)
    const last = rows.at(-1)
    if (last === undefined || rows.length < 1000) return
    next = { gt: last[0], lt: range.lt }
  }
}

function storeFailure(folder: string, error: unknown): Failure {
  const chain = causes(error)
  if (chain.some((each) => codeOf(each) === 'LEVEL_LOCKED'))
    return new Failure('store', `the folder ${folder} is in use by another process`, {
      cause: error,
    })
  const text = chain.map((each) => (each instanceof Error ? each.message : String(each))).join(': ')
  return new Failure('store', `the store in ${folder} failed: ${text}`, { cause: error })
}

function causes(error: unknown): unknown[] {
  const chain: unknown[] = []
  for (let each = error; each !== undefined && chain.length < 5; ) {
    chain.push(each)
    each = each instanceof Error ? each.cause : undefined
  }
  return chain
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
