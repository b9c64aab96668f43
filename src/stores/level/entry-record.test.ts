import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Author, Entry } from '../../core/entry.ts'
import { decodeClaim, encodeClaim } from './claim-record.ts'
import { decodeEntry, encodeEntry } from './entry-record.ts'

const text = fc.string({ unit: 'binary' })
const time = fc.maxSafeNat()
const author: fc.Arbitrary<Author> = fc.record(
  { user: fc.option(text), connection: text, name: text, info: text },
  { requiredKeys: [], noNullPrototype: true },
)
const entry: fc.Arbitrary<Entry> = fc.record(
  {
    kind: fc.constantFrom('publish', 'join', 'leave'),
    id: text,
    at: time,
    author,
    content: text,
    encoding: fc.constantFrom('json', 'binary'),
    epoch: text,
    offset: time,
    count: time,
    type: text,
    omit: text,
    given: text,
  },
  {
    noNullPrototype: true,
    requiredKeys: ['kind', 'id', 'at', 'author', 'content', 'encoding', 'epoch', 'offset', 'count'],
  },
)

it('gives any entry back as it was', () => {
  fc.assert(
    fc.property(entry, (written) => {
      const { epoch, offset } = written
      expect(decodeEntry(encodeEntry(written), { epoch, offset })).toStrictEqual(written)
    }),
  )
})

it('writes what most entries have, and no more', () => {
  const common = { kind: 'publish', id: 'i', at: 17, encoding: 'json', count: 3 } as const
  const place = { epoch: 'e', offset: 4 }
  const lines = [{ user: 'ann', connection: 'c' }, { user: null }, {}].map((who) =>
    encodeEntry({ ...common, ...place, author: who, content: '"hello"' }),
  )
  expect(lines).toEqual([
    '["publish","i",17,3,"ann","c"]\n"hello"',
    '["publish","i",17,3,null]\n"hello"',
    '["publish","i",17,3,0]\n"hello"',
  ])
})

it('reads an entry as format 2 wrote it', () => {
  const old =
    '{"v":1,"kind":"publish","type":"text","id":"i","at":17,"author":{"user":"ann","name":"Ann"},"encoding":"json","count":3}\n"a\\nb"\n'
  expect(decodeEntry(old, { epoch: 'e', offset: 4 })).toStrictEqual({
    kind: 'publish',
    type: 'text',
    id: 'i',
    at: 17,
    author: { user: 'ann', name: 'Ann' },
    encoding: 'json',
    count: 3,
    epoch: 'e',
    offset: 4,
    content: '"a\\nb"\n',
  })
})

it.each([
  [{ digest: 'd', claimed: 17 }, '["d",17]', '{"v":1,"digest":"d","claimed":17}'],
  [
    { digest: 'd', claimed: 17, done: { offset: 4, at: 17 } },
    '["d",17,4]',
    '{"v":1,"digest":"d","claimed":17,"offset":4,"at":17}',
  ],
  [
    { digest: 'd', claimed: 17, done: { offset: 4, at: 18 } },
    '["d",17,4,18]',
    '{"v":1,"digest":"d","claimed":17,"offset":4,"at":18}',
  ],
])('writes the publish id %j as %s, and reads what format 2 wrote', (claim, value, old) => {
  expect(encodeClaim(claim)).toBe(value)
  expect(decodeClaim(value)).toStrictEqual(claim)
  expect(decodeClaim(old)).toStrictEqual(claim)
})
