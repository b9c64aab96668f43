import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openLevelStores } from '../../../src/stores/level/index.ts'
import { describeStores } from './suite.ts'

describeStores('level', async (options) => {
  const folder = await mkdtemp(join(tmpdir(), 'offhook-level-'))
  const stores = await openLevelStores({ folder, ...options })
  const close = async () => {
    await stores.close()
    await rm(folder, { recursive: true, force: true })
  }
  return { ...stores, close }
})
