import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Head } from './entry.ts'
import { HeldCommits, isKnown, isNext } from './held-commits.ts'
import type { ChannelCommitted } from './ports.ts'

const epoch = 'e1'

function headAt(offset: number, version: number): Head {
  return { epoch, offset, version, count: offset }
}

/** A chain of commits; each step says how far it moves offset and version. */
function chainOf(steps: readonly (readonly [entries: number, versions: number])[]) {
  let head = headAt(0, 1)
  return steps.map(([entries, versions]): ChannelCommitted => {
    const prev = head
    head = headAt(prev.offset + entries, prev.version + versions)
    return { channel: 'room', prev, head, entries: [], entered: [], left: [] }
  })
}

const step = fc.constantFrom([1, 0] as const, [0, 1] as const, [1, 1] as const, [3, 0] as const)

describe('HeldCommits', () => {
  it('give the chain in its order, each commit once, whatever the order they came in', () => {
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 1, maxLength: 12 }),
        fc.infiniteStream(fc.nat()),
        (steps, random) => {
          const chain = chainOf(steps)
          const held = new HeldCommits()
          const come = [...chain, ...chain].map((commit) => ({
            commit,
            by: random.next().value ?? 0,
          }))
          for (const { commit } of come.toSorted((a, b) => a.by - b.by)) held.add(commit)
          let head = headAt(0, 1)
          const taken: ChannelCommitted[] = []
          for (let next = held.takeNext(head); next; next = held.takeNext(head)) {
            taken.push(next)
            head = next.head
          }
          expect(taken).toEqual(chain)
          expect(held.size).toBe(0)
        },
      ),
    )
  })

  it('keep what lies beyond a gap', () => {
    const chain = chainOf([
      [1, 0],
      [1, 0],
      [1, 0],
    ])
    const held = new HeldCommits()
    const [, second, third] = chain as [ChannelCommitted, ChannelCommitted, ChannelCommitted]
    held.add(third)
    held.add(second)
    expect(held.takeNext(headAt(0, 1))).toBeUndefined()
    expect(held.size).toBe(2)
    expect(held.takeNext(headAt(2, 1))).toBe(third)
    expect(held.size).toBe(0)
  })
})

describe('HeldCommits that are full', () => {
  it('take no more: the store has them', () => {
    const held = new HeldCommits()
    for (const commit of chainOf(Array.from({ length: 300 }, () => [1, 0] as const)))
      held.add(commit)
    expect(held.size).toBe(256)
    expect(held.isFull).toBe(true)
  })
})

describe('a commit', () => {
  const commit = chainOf([
    [2, 0],
    [1, 1],
  ])[1] as ChannelCommitted

  it('is known when its outcome is part of the head', () => {
    expect(isKnown(commit, headAt(3, 2))).toBe(true)
    expect(isKnown(commit, headAt(9, 9))).toBe(true)
    expect(isKnown(commit, headAt(2, 1))).toBe(false)
    expect(isKnown(commit, headAt(3, 1))).toBe(false)
  })

  it('is next only after the head that it follows', () => {
    expect(isNext(commit, headAt(2, 1))).toBe(true)
    expect(isNext(commit, headAt(1, 1))).toBe(false)
    expect(isNext(commit, headAt(3, 2))).toBe(false)
  })
})
