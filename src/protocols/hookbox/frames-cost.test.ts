import { beforeEach, expect, it, vi } from 'vitest'
import { FrameDecoder } from './frames.ts'

const seen = vi.hoisted(() => ({ characters: 0 }))

// Measuring is what the decoder does with each piece: what it measures twice it has looked at twice.
vi.mock('../../core/json.ts', async (load) => {
  const json = await load<typeof import('../../core/json.ts')>()
  return {
    ...json,
    utf8Length: (text: string) => {
      seen.characters += text.length
      return json.utf8Length(text)
    },
    fitsUtf8: (text: string, maxBytes: number) => {
      seen.characters += text.length
      return json.fitsUtf8(text, maxBytes)
    },
  }
})

beforeEach(() => {
  seen.characters = 0
})

it('a frame that comes letter by letter costs its length, not its square', () => {
  const decoder = new FrameDecoder(65_536)
  for (let i = 0; i < 20_000; i += 1) expect([...decoder.push('a')]).toEqual([])
  expect([...decoder.push('\r\n')]).toEqual(['a'.repeat(20_000)])
  expect(seen.characters).toBe(20_000)
})
