import { createMemoryStores } from '../../../src/stores/memory/index.ts'
import { describeStores } from './suite.ts'

describeStores('memory', async (options) => createMemoryStores(options))
