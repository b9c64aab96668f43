import { expect, it } from 'vitest'
import type { Entry } from './entry.ts'
import { entrySize, newestWithin } from './within-bytes.ts'

it('counts what an author shows of itself: it goes out with each message', () => {
  const info = JSON.stringify({ avatar: 'x'.repeat(50_000) })
  const entry = { content: '"hi"', author: { user: 'ann', info } } as unknown as Entry
  expect(entrySize(entry)).toBeGreaterThan(50_000)
  expect(newestWithin([entry, entry, entry], 110_000)).toHaveLength(2)
})
