import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { refusals } from '../../src/core/errors.ts'

const page = readFileSync(new URL('../../docs/reference/protocol.md', import.meta.url), 'utf8')

it('lists every code with its text, whether to retry, and its close code', () => {
  const rows = Object.entries(refusals).map(([code, row]) => {
    const retry = 'retry' in row ? 'yes' : 'no'
    return `| \`${code}\` | ${row.text} | ${retry} | ${'close' in row ? row.close : ''} |`
  })
  expect(page.trim().split('\n').slice(-rows.length)).toEqual(rows)
})
