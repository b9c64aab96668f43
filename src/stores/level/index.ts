import { randomUUID } from 'node:crypto'
import { Failure } from '../../core/errors.ts'
import type { Stores } from '../../core/ports.ts'
import type { RecoverySettings } from '../aggregate/channel.ts'
import { ProcessLeases } from '../aggregate/leases.ts'
import { LevelChannels } from './channels.ts'
import { type Database, levelDatabase } from './database.ts'
import { Engine } from './engine.ts'
import { prepareFolder } from './folder.ts'
import { checkFormat } from './format.ts'
import { Garbage } from './garbage.ts'
import { keys } from './keys.ts'
import { LevelOutbox } from './outbox.ts'
import { encodeRecord } from './records.ts'
import { LevelUsers } from './users.ts'

/** Settings of the embedded store. */
export interface LevelStoresOptions extends RecoverySettings {
  readonly folder: string
  /** The clock of the leases and of `replay`, Unix milliseconds. */
  readonly now?: () => number
  /** Told, in a sentence, what is wrong but does not stop the store. */
  readonly onProblem?: (problem: string) => void
}

/** How many channels and users stay in memory, and about how many bytes of them; the idle go first. */
const caches = {
  channels: { entries: 50_000, weight: 256 * 1024 * 1024 },
  users: { entries: 50_000, weight: 128 * 1024 * 1024 },
}

/**
 * Stores in a folder, on LevelDB. Rejects with a Failure that says why the folder cannot be used: held by another
 * process, written by a newer version, not writable.
 */
export async function openLevelStores(options: LevelStoresOptions): Promise<Stores> {
  await prepareFolder(options.folder, options.onProblem ?? ignore)
  return openStores(levelDatabase(options.folder), options)
}

/** The stores on a database of one's own; for tests that let writes fail or memory be short. */
export async function openStores(
  database: Database,
  options: Omit<LevelStoresOptions, 'folder'> & { readonly cache?: typeof caches },
): Promise<Stores> {
  const { recoveryEntries, recoverySeconds, now = Date.now, onProblem = ignore } = options
  const cache = options.cache ?? caches
  await database.open()
  try {
    await checkFormat(database)
    const engine = new Engine(database)
    const outbox = new LevelOutbox(engine, now)
    const garbage = new Garbage(engine, onProblem)
    const recovery = { recoveryEntries, recoverySeconds }
    const channels = new LevelChannels({ engine, outbox, garbage, recovery, cache: cache.channels })
    const users = new LevelUsers({ engine, outbox, cache: cache.users })
    for (const part of [outbox, garbage, channels, users]) await engine.add(part)
    engine.start()
    garbage.start()
    return {
      channels,
      users,
      outbox,
      leases: new ProcessLeases(now),
      check: checkOf(engine),
      close: async () => {
        await garbage.stop()
        await engine.close()
      },
    }
  } catch (error) {
    await database.close()
    throw error
  }
}

function ignore(): void {}

/** Writes a value that was never there before and reads it back. Whoever asks meanwhile shares the answer. */
function checkOf(engine: Engine): () => Promise<void> {
  let checking: Promise<void> | undefined
  const check = async () => {
    const value = encodeRecord({ value: randomUUID() })
    const group = engine.writing()
    group.put(keys.check, value)
    await group.done
    if ((await engine.database.get(keys.check)) !== value)
      throw new Failure('store', 'the store does not keep what is written')
  }
  return () => {
    checking ??= engine.use(check).finally(() => {
      checking = undefined
    })
    return checking
  }
}
