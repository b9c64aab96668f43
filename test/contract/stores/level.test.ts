import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Stores } from '../../../src/core/ports.ts'
import { levelDatabase } from '../../../src/stores/level/database.ts'
import { openLevelStores, openStores } from '../../../src/stores/level/index.ts'
import { describeStores } from './suite.ts'

async function inFolder(open: (folder: string) => Promise<Stores>): Promise<Stores> {
  const folder = await mkdtemp(join(tmpdir(), 'offhook-level-'))
  const stores = await open(folder)
  const close = async () => {
    await stores.close()
    await rm(folder, { recursive: true, force: true })
  }
  return { ...stores, close }
}

describeStores('level', (options) => inFolder((folder) => openLevelStores({ folder, ...options })))

// Nothing idle stays in memory, so everything is read back from disk all the time.
const cache = { channels: { entries: 2, weight: 1 }, users: { entries: 2, weight: 1 } }

describeStores('level (forgetful)', (options) =>
  inFolder((folder) => openStores(levelDatabase(folder), { ...options, cache })),
)
