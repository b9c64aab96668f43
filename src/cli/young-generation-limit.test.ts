import { expect, it } from 'vitest'
import { YoungGenerationLimit } from './young-generation-limit.ts'

const mebibyte = 1_048_576
const ample = 16 * 1024 * mebibyte

/** Collects every 50 ms for so many seconds; each collection takes `busyMs` and finds the connections of its time. */
function run(
  limit: YoungGenerationLimit,
  load: { from?: number; seconds: number; busyMs: number; connections: (at: number) => number },
): number {
  const { from = 0, seconds, busyMs, connections } = load
  for (let at = from; at < from + seconds * 1000; at += 50)
    limit.collected({ at, busyMs, connections: connections(at) })
  return limit.bytes / mebibyte
}

it('grows step by step under a steady load that collects much', () => {
  const limit = new YoungGenerationLimit(ample)
  const load = { busyMs: 10, connections: () => 2000 }
  expect(run(limit, { ...load, seconds: 0.4 })).toBe(16)
  expect(run(limit, { ...load, from: 400, seconds: 0.8 })).toBe(32)
  expect(run(limit, { ...load, from: 1200, seconds: 5 })).toBe(128)
})

it('stays small while connections come, and where collecting takes little', () => {
  const limit = new YoungGenerationLimit(ample)
  expect(run(limit, { seconds: 10, busyMs: 20, connections: (at) => at })).toBe(16)
  expect(run(limit, { from: 10_000, seconds: 10, busyMs: 1, connections: () => 10_000 })).toBe(16)
})

it.each([
  [0.5, 16],
  [2, 32],
  [4, 64],
  [64, 128],
])('with %d GiB of memory is %d MiB at most', (memory, most) => {
  const limit = new YoungGenerationLimit(memory * 1024 * mebibyte)
  expect(run(limit, { seconds: 20, busyMs: 25, connections: () => 5 })).toBe(most)
})
