import { openLevelStores } from '../../../src/stores/level/index.ts'
import { channelOf, committedOf, create, publishDraft } from './fixtures.ts'

/**
 * Run by the kill test: appends to one channel without end, and prints `ID OFFSET` for each append once it is
 * acknowledged.
 */
const [folder = '', prefix = ''] = process.argv.slice(2)
const stores = await openLevelStores({ folder, recoveryEntries: 1_000_000, recoverySeconds: 1e9 })
const room = channelOf(stores, 'room')
await room.create(create({ history_size: 1_000_000 }))
let count = 0

async function append(): Promise<void> {
  for (;;) {
    const id = `${prefix}-${count++}`
    const result = await room.commit([
      {
        change: 'entry',
        draft: publishDraft(id),
        claim: { user: 'ann', id, digest: id },
      },
    ])
    process.stdout.write(`${id} ${committedOf(result).head.offset}\n`)
  }
}

await Promise.all(Array.from({ length: 16 }, append))
